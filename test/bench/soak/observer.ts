import { KEY_ROUTE } from '../../../src/sandbox/router.ts';
import { REDIRECT_TRAP } from '../../../src/sandbox/injectFault.ts';
import type { Fault } from '../../../src/sandbox/faults.ts';
import { at, listAt, numberAt, textAt } from '../json.ts';
import type { BenchSandbox } from '../upstream.ts';
import { countUp } from './tally.ts';
import { stateOf } from './viewer.ts';

/** A livestream as the API has it. */
export interface Truth {
  id: string;
  name: string | null;
  meetingId: string | null;
  isActive: boolean;
  state: string;
}

/** The requests that the API took from the gateways. */
export interface Harvest {
  /** When each arrived that counts toward the quota, in milliseconds since the Unix epoch. */
  times: number[];
  /** By method and route. */
  routes: Map<string, number>;
  starts: number;
  stops: number;
  /** Those that followed a redirect. */
  trapped: number;
  /** Those that were refused for the quota. */
  refused: number;
}

/** Looks at the simulated API from outside, with credentials, and so quotas, of its own. */
export interface Observer {
  /** All livestreams. Not while faults are armed: they would strike this too. */
  truths(): Promise<Truth[]>;
  /** Meetings without a livestream that runs. */
  idleMeetings(): Promise<string[]>;
  fail(faults: readonly Fault[]): Promise<void>;
  /** Takes in what arrived since the last time: the API's own log is bounded. */
  harvest(): Promise<void>;
  harvested: Harvest;
  register(url: string): Promise<void>;
  sampleSessions(): Promise<string[]>;
}

/** An account of its own, by which its requests are told from those of the gateways. */
const OBSERVER = 'observer';
const START_ROUTE = '/meetings/{meeting_id}/livestreams';
const STOP_ROUTE = '/meetings/{meeting_id}/active-livestream/stop';

export function createObserver(sandbox: BenchSandbox): Observer {
  const harvested: Harvest = { times: [], routes: new Map(), starts: 0, stops: 0, trapped: 0, refused: 0 };
  let seen = 0;
  let asked = 0;

  async function control(method: string, path: string, content?: object): Promise<unknown> {
    return ask(method, `${sandbox.origin}/__sandbox${path}`, content);
  }

  async function call(method: string, path: string, content?: object): Promise<unknown> {
    const { CLOUDFLARE_BASE_URL: base, REALTIMEKIT_APP_ID: app } = sandbox.env;
    return ask(method, `${base}/accounts/${OBSERVER}/realtime/kit/${app}${path}`, content, tokenOf((asked += 1)));
  }

  async function rows(path: string): Promise<unknown[]> {
    const all: unknown[] = [];
    for (let page = 1; ; page += 1) {
      const found = listAt(await call('GET', `${path}?per_page=100&page_no=${page}`), 'data');
      all.push(...found);
      if (found.length < 100) return all;
    }
  }

  async function sessionOf(id: string): Promise<unknown> {
    const answer = await call('GET', `/livestreams/${id}/active-livestream-session`);
    return at(answer, 'data', 'session', 'id');
  }

  async function truthOf(row: unknown): Promise<Truth> {
    const id = textAt(row, 'id');
    const session = runs(row) ? await sessionOf(id) : null;
    return {
      id,
      name: textOrNull(at(row, 'name')),
      meetingId: textOrNull(at(row, 'meeting_id')),
      isActive: runs(row),
      state: stateOf(row, session, at(row, 'playback_url')),
    };
  }

  return {
    truths: async () => Promise.all((await rows('/livestreams')).map(truthOf)),
    async idleMeetings() {
      const busy = new Set((await rows('/livestreams')).filter(runs).map((row) => at(row, 'meeting_id')));
      const ids = (await rows('/meetings')).map((row) => textAt(row, 'id'));
      return ids.filter((id) => !busy.has(id));
    },
    async fail(faults) {
      await control('PUT', '/faults', [...faults]);
    },
    async harvest() {
      const report = await control('GET', '/requests');
      const received = numberAt(report, 'received');
      const fresh = received - seen;
      seen = received;
      harvested.refused = numberAt(report, 'refused');
      for (const entry of fresh === 0 ? [] : listAt(report, 'requests').slice(-fresh)) {
        const [method, route] = [textAt(entry, 'method'), textAt(entry, 'route')];
        if (textAt(entry, 'path').includes(`/accounts/${OBSERVER}/`)) continue;
        if (route === REDIRECT_TRAP) harvested.trapped += 1;
        if (method === 'POST' && route === START_ROUTE) harvested.starts += 1;
        if (method === 'POST' && route === STOP_ROUTE) harvested.stops += 1;
        countUp(harvested.routes, `${method} ${route}`);
        if (route !== KEY_ROUTE) harvested.times.push(Date.parse(textAt(entry, 'at')));
      }
    },
    harvested,
    async register(url) {
      const events = ['livestreaming.statusUpdate', 'meeting.ended'];
      await call('POST', '/webhooks', { name: 'soak', url, events });
    },
    async sampleSessions() {
      const overview = await control('GET', '');
      return ['liveSessionId', 'erroredSessionId', 'endedSessionId'].map((name) => textAt(overview, 'samples', name));
    },
  };
}

function runs(row: unknown): boolean {
  return ['LIVE', 'INVOKED'].includes(textAt(row, 'status'));
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** Each token has a quota of its own: none is asked for so much that this would reach it. */
function tokenOf(asked: number): string {
  return `${OBSERVER}-${Math.floor(asked / 500)}`;
}

async function ask(method: string, url: string, content?: object, token = OBSERVER): Promise<unknown> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
  });
  if (!response.ok) throw new Error(`The sandbox answered ${method} ${url} with ${response.status}.`);
  const answer: unknown = await response.json();
  return answer;
}
