import { request } from 'undici';

import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { at, listAt, numberAt, textAt } from './json.ts';
import { startProgram } from './program.ts';

/** An upstream in a process of its own. */
export interface BenchUpstream {
  origin: string;
  /** The environment that makes a party use it. */
  env: Record<string, string>;
  forgetRequests(): Promise<void>;
  end: () => Promise<void>;
}

/** The simulated API. */
export interface BenchSandbox extends BenchUpstream {
  configure(patch: SettingsPatch): Promise<void>;
  /** Since they were last forgotten. */
  counts(): Promise<{ received: number; refused: number }>;
}

/** The simulated API's answers, played back. */
export interface BenchRecording extends BenchUpstream {
  /** Meetings that are live. */
  meetingIds: string[];
  setLatency(milliseconds: number): Promise<void>;
  /** Since they were last forgotten. */
  received(): Promise<number>;
}

export async function startSandbox(settings: SettingsPatch): Promise<BenchSandbox> {
  const { origin, end } = await startProgram('src/sandbox/main.ts', { SANDBOX_PORT: '0' });
  const configure = async (patch: SettingsPatch): Promise<void> => {
    await send('PUT', `${origin}/__sandbox/settings`, patch);
  };
  await configure(settings);
  return {
    origin,
    env: environmentOf(origin),
    configure,
    async forgetRequests() {
      await send('DELETE', `${origin}/__sandbox/requests`);
    },
    async counts() {
      const report = await send('GET', `${origin}/__sandbox/requests`);
      return { received: numberAt(report, 'received'), refused: numberAt(report, 'refused') };
    },
    end,
  };
}

/** Plays back a sandbox whose quota nothing reaches, so that no policy of a gateway slows what is measured. */
export async function startRecording(): Promise<BenchRecording> {
  const sandbox = await startSandbox({ quota: { limit: 1e9, enforced: false } });
  const meetingIds = await liveMeetings(sandbox);
  const { origin, end } = await startProgram('test/bench/recording.ts', { RECORD_FROM: sandbox.origin });
  const control = `${origin}/__recording`;
  return {
    origin,
    env: environmentOf(origin),
    meetingIds,
    async setLatency(milliseconds) {
      await send('PUT', `${control}/${milliseconds}`);
    },
    async forgetRequests() {
      await send('DELETE', control);
    },
    received: async () => numberAt(await send('GET', control), 'received'),
    async end() {
      await Promise.all([end(), sandbox.end()]);
    },
  };
}

function environmentOf(origin: string): Record<string, string> {
  return {
    CLOUDFLARE_BASE_URL: `${origin}/client/v4`,
    CLOUDFLARE_ACCOUNT_ID: 'bench-account',
    REALTIMEKIT_APP_ID: 'bench-app',
    CLOUDFLARE_API_TOKEN: 'bench-token',
  };
}

async function send(method: string, url: string, content?: object): Promise<unknown> {
  const { statusCode, body } = await request(url, {
    method,
    headers: { authorization: 'Bearer bench-observer' },
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
  });
  const json: unknown = await body.json();
  if (statusCode === 200) return json;
  throw new Error(`The upstream refused ${method} ${url}: ${JSON.stringify(json)}`);
}

async function liveMeetings({ origin }: BenchSandbox): Promise<string[]> {
  const path = '/client/v4/accounts/a/realtime/kit/b/livestreams?status=LIVE&per_page=100';
  const rows = listAt(await send('GET', origin + path), 'data');
  return rows.filter((row) => at(row, 'meeting_id') !== undefined).map((row) => textAt(row, 'meeting_id'));
}
