import { request } from 'undici';

import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { at, listAt, numberAt, stringAt } from './jsonPath.ts';
import { startServerProcess } from './serverProcess.ts';

/** An upstream API that runs in its own process. */
export interface BenchUpstream {
  origin: string;
  /** Environment variables that point a server to this upstream. */
  env: Record<string, string>;
  /** Resets the request counts. */
  clearRequests(): Promise<void>;
  stop: () => Promise<void>;
}

/** The sandbox: the simulated API. */
export interface BenchSandbox extends BenchUpstream {
  configure(patch: SettingsPatch): Promise<void>;
  /** All requests since the last `clearRequests`, and those among them that got a 429. */
  requestCounts(): Promise<{ received: number; rejected: number }>;
}

/** Replays recorded responses of the sandbox. */
export interface ReplayUpstream extends BenchUpstream {
  liveMeetingIds: string[];
  setLatency(latencyMs: number): Promise<void>;
  /** The number of requests since the last `clearRequests`. */
  receivedRequests(): Promise<number>;
}

export async function startBenchSandbox(settings: SettingsPatch): Promise<BenchSandbox> {
  const { origin, stop } = await startServerProcess('src/sandbox/main.ts', { SANDBOX_PORT: '0' });
  const configure = async (patch: SettingsPatch): Promise<void> => {
    await send('PUT', `${origin}/__sandbox/settings`, patch);
  };
  await configure(settings);
  return {
    origin,
    env: createEnv(origin),
    configure,
    async clearRequests() {
      await send('DELETE', `${origin}/__sandbox/requests`);
    },
    async requestCounts() {
      const report = await send('GET', `${origin}/__sandbox/requests`);
      return { received: numberAt(report, 'received'), rejected: numberAt(report, 'rejected') };
    },
    stop,
  };
}

/** Replays a sandbox whose quota is out of reach, so that no gateway slows down to save requests. */
export async function startReplayUpstream(): Promise<ReplayUpstream> {
  const sandbox = await startBenchSandbox({ quota: { limit: 1e8, enforced: false } });
  const liveMeetingIds = await fetchLiveMeetingIds(sandbox);
  const { origin, stop } = await startServerProcess('test/bench/replayServer.ts', { RECORD_FROM: sandbox.origin });
  const controlUrl = `${origin}/__replay`;
  return {
    origin,
    env: createEnv(origin),
    liveMeetingIds,
    async setLatency(latencyMs) {
      await send('PUT', `${controlUrl}/${latencyMs}`);
    },
    async clearRequests() {
      await send('DELETE', controlUrl);
    },
    receivedRequests: async () => numberAt(await send('GET', controlUrl), 'received'),
    async stop() {
      await Promise.all([stop(), sandbox.stop()]);
    },
  };
}

function createEnv(origin: string): Record<string, string> {
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
    // A busy upstream may close an idle connection at the moment at which it would be used again.
    reset: true,
  });
  const json: unknown = await body.json();
  if (statusCode === 200) return json;
  throw new Error(`The upstream responded to ${method} ${url} with ${statusCode}: ${JSON.stringify(json)}`);
}

async function fetchLiveMeetingIds({ origin }: BenchSandbox): Promise<string[]> {
  const path = '/client/v4/accounts/a/realtime/kit/b/livestreams?status=LIVE&per_page=100';
  const rows = listAt(await send('GET', origin + path), 'data');
  return rows.filter((row) => at(row, 'meeting_id') !== undefined).map((row) => stringAt(row, 'meeting_id'));
}
