import { request } from 'undici';

import type { Fault } from '../../../src/sandbox/faults.ts';
import { REDIRECT_TRAP } from '../../../src/sandbox/injectFault.ts';
import { WEBHOOK_KEY_PATH } from '../../../src/sandbox/routes.ts';
import type { BenchSandbox } from '../benchUpstreams.ts';
import { at, listAt, numberAt, stringAt } from '../jsonPath.ts';
import { increment } from './counters.ts';
import { formatState } from './soakSubscriber.ts';

/** A livestream as the API has it. */
export interface ActualLivestream {
  id: string;
  name: string | null;
  meetingId: string | null;
  isActive: boolean;
  /** See `formatState`. */
  state: string;
}

/** The requests that the API has received from the gateways. */
export interface UpstreamRequests {
  /** When each request that counts toward the quota arrived, in milliseconds since the Unix epoch. */
  receivedAtMs: number[];
  /** The number of requests by method and route. */
  countByRoute: Map<string, number>;
  starts: number;
  stops: number;
  /** Requests that followed a redirect. */
  followedRedirects: number;
  /** Requests that got a 429. */
  rejected: number;
}

/** Observes the simulated API directly. Its account differs from the gateways', and so its requests use none of their quota. */
export interface SandboxObserver {
  /** Fetches all livestreams. Must not be called while faults are armed, because they would apply to these requests too. */
  livestreams(): Promise<ActualLivestream[]>;
  /** Fetches the ids of the meetings without an active livestream. */
  idleMeetingIds(): Promise<string[]>;
  setFaults(faults: readonly Fault[]): Promise<void>;
  /** Adds the latest requests to `upstreamRequests`. Must be called often, because the API's request log is bounded. */
  collectRequests(): Promise<void>;
  upstreamRequests: UpstreamRequests;
  registerWebhook(url: string): Promise<void>;
  exampleSessionIds(): Promise<string[]>;
}

const OBSERVER_ACCOUNT = 'observer';
const START_ROUTE = '/meetings/{meeting_id}/livestreams';
const STOP_ROUTE = '/meetings/{meeting_id}/active-livestream/stop';
const PAGE_SIZE = 100;
/** Far below the quota of a token. */
const REQUESTS_PER_TOKEN = 500;

export function createSandboxObserver(sandbox: BenchSandbox): SandboxObserver {
  const upstreamRequests: UpstreamRequests = {
    receivedAtMs: [],
    countByRoute: new Map(),
    starts: 0,
    stops: 0,
    followedRedirects: 0,
    rejected: 0,
  };
  let collected = 0;
  let sent = 0;

  async function callControl(method: string, path: string, content?: object): Promise<unknown> {
    return fetchJson(method, `${sandbox.origin}/__sandbox${path}`, content);
  }

  async function callApi(method: string, path: string, content?: object): Promise<unknown> {
    const { CLOUDFLARE_BASE_URL: base, REALTIMEKIT_APP_ID: app } = sandbox.env;
    const url = `${base}/accounts/${OBSERVER_ACCOUNT}/realtime/kit/${app}${path}`;
    return fetchJson(method, url, content, nextToken());
  }

  /** Each token has its own quota: change tokens before one is used up. */
  function nextToken(): string {
    sent += 1;
    return `${OBSERVER_ACCOUNT}-${Math.floor(sent / REQUESTS_PER_TOKEN)}`;
  }

  async function fetchAllRows(path: string): Promise<unknown[]> {
    const rows: unknown[] = [];
    for (let page = 1; ; page += 1) {
      const pageRows = listAt(await callApi('GET', `${path}?per_page=${PAGE_SIZE}&page_no=${page}`), 'data');
      rows.push(...pageRows);
      if (pageRows.length < PAGE_SIZE) return rows;
    }
  }

  async function fetchActiveSessionId(livestreamId: string): Promise<unknown> {
    const body = await callApi('GET', `/livestreams/${livestreamId}/active-livestream-session`);
    return at(body, 'data', 'session', 'id');
  }

  async function toActualLivestream(row: unknown): Promise<ActualLivestream> {
    const id = stringAt(row, 'id');
    const sessionId = isActiveRow(row) ? await fetchActiveSessionId(id) : null;
    return {
      id,
      name: stringOrNull(at(row, 'name')),
      meetingId: stringOrNull(at(row, 'meeting_id')),
      isActive: isActiveRow(row),
      state: formatState(row, sessionId, at(row, 'playback_url')),
    };
  }

  function countRequest(entry: unknown): void {
    if (stringAt(entry, 'path').includes(`/accounts/${OBSERVER_ACCOUNT}/`)) return;
    const [method, route] = [stringAt(entry, 'method'), stringAt(entry, 'route')];
    if (route === REDIRECT_TRAP) upstreamRequests.followedRedirects += 1;
    if (method === 'POST' && route === START_ROUTE) upstreamRequests.starts += 1;
    if (method === 'POST' && route === STOP_ROUTE) upstreamRequests.stops += 1;
    increment(upstreamRequests.countByRoute, `${method} ${route}`);
    if (route !== WEBHOOK_KEY_PATH) upstreamRequests.receivedAtMs.push(Date.parse(stringAt(entry, 'receivedAt')));
  }

  return {
    livestreams: async () => Promise.all((await fetchAllRows('/livestreams')).map(toActualLivestream)),
    async idleMeetingIds() {
      const activeRows = (await fetchAllRows('/livestreams')).filter(isActiveRow);
      const busyMeetingIds = new Set(activeRows.map((row) => at(row, 'meeting_id')));
      const meetingIds = (await fetchAllRows('/meetings')).map((row) => stringAt(row, 'id'));
      return meetingIds.filter((id) => !busyMeetingIds.has(id));
    },
    async setFaults(faults) {
      await callControl('PUT', '/faults', [...faults]);
    },
    async collectRequests() {
      const report = await callControl('GET', '/requests');
      const received = numberAt(report, 'received');
      const newCount = received - collected;
      collected = received;
      upstreamRequests.rejected = numberAt(report, 'rejected');
      for (const entry of newCount === 0 ? [] : listAt(report, 'requests').slice(-newCount)) countRequest(entry);
    },
    upstreamRequests,
    async registerWebhook(url) {
      const events = ['livestreaming.statusUpdate', 'meeting.ended'];
      await callApi('POST', '/webhooks', { name: 'soak', url, events });
    },
    async exampleSessionIds() {
      const overview = await callControl('GET', '');
      const names = ['liveSessionId', 'erroredSessionId', 'endedSessionId'];
      return names.map((name) => stringAt(overview, 'exampleIds', name));
    },
  };
}

function isActiveRow(row: unknown): boolean {
  return ['LIVE', 'INVOKED'].includes(stringAt(row, 'status'));
}

function stringOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

async function fetchJson(
  method: string,
  url: string,
  content?: object,
  token: string = OBSERVER_ACCOUNT,
): Promise<unknown> {
  const { statusCode, body } = await request(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    // A busy sandbox may close an idle connection at the moment at which it would be used again.
    reset: true,
  });
  const json: unknown = await body.json();
  if (statusCode >= 300) throw new Error(`The sandbox responded to ${method} ${url} with ${statusCode}.`);
  return json;
}
