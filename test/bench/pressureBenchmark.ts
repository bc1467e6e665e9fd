import { setTimeout as wait } from 'node:timers/promises';

import { createRequestBody, DASHBOARD_QUERY } from './benchQueries.ts';
import { type BenchSandbox, startBenchSandbox } from './benchUpstreams.ts';
import { createHttpClient, type HttpClient } from './httpClient.ts';
import { at, listAt, stringAt } from './jsonPath.ts';
import { SLOW_UPSTREAM_MS } from './measure.ts';
import { emptyResults, formatPressureReport, type PressureResults, type PressureRunSize } from './pressureReport.ts';
import { callApi } from './sandboxCalls.ts';
import { startServerProcess } from './serverProcess.ts';

export const FULL_PRESSURE_RUN: PressureRunSize = {
  clients: 200,
  livestreams: 100,
  warmUpSeconds: 80,
  seconds: 160,
  changeEverySeconds: 40,
};
export const SHORT_PRESSURE_RUN: PressureRunSize = {
  clients: 20,
  livestreams: 10,
  warmUpSeconds: 0,
  seconds: 3,
  changeEverySeconds: 1,
};

/** The rate of RealtimeKit's documented limit, less 0.3 %, in a window so short that several of them pass during a run. */
const QUOTA = { limit: 160, windowSeconds: 40, lockoutSeconds: 40, enforced: true };
const DASHBOARD_INTERVAL_MS = 2000;
const LOOK_UP_INTERVAL_MS = 1000;
/** How often a change is looked for until it is seen, and for how long. */
const CHANGE_POLL_MS = 20;
const CHANGE_TIMEOUT_MS = 20_000;

const LOOK_UP = 'query look($id: ID!) { livestream(id: $id) { id status updatedAt } }';
const ACTIVE = 'query active($id: ID!) { meeting(id: $id) { activeLivestream { id status } } }';
const START =
  'mutation ($id: ID!) { startLivestream(input: { meetingId: $id }) { livestream { id } userErrors { code } } }';
const STOP = 'mutation ($id: ID!) { stopLivestream(input: { meetingId: $id }) { userErrors { code } } }';

/**
 * 200 clients look up one of 100 live livestreams each second, and a dashboard polls 50 of them with their sessions, on far fewer
 * upstream requests than that takes. The sandbox sets each row's `updatedAt` to the time of its response, so that every row shows
 * when it was read. Returns a Markdown report.
 */
export async function runPressureBenchmark(
  size: PressureRunSize,
  logProgress: (line: string) => void,
): Promise<string> {
  const sandbox = await startBenchSandbox({
    goLiveAfterMs: 0,
    latencyMs: SLOW_UPSTREAM_MS,
    quota: QUOTA,
    responseFormats: { updatedAt: 'now' },
  });
  const gateway = await startServerProcess('src/node.ts', {
    ...sandbox.env,
    PORT: '0',
    WEBHOOK_KEY_URL: `${sandbox.origin}/.well-known/webhooks.json`,
  });
  const client = createHttpClient(gateway.origin, 64);
  try {
    const { livestreamIds, freeMeetingId } = await prepareLivestreams(sandbox, size.livestreams);
    const hook = {
      name: 'bench',
      url: `${gateway.origin}/webhooks/realtimekit`,
      events: ['livestreaming.statusUpdate'],
    };
    await callApi(sandbox, 'POST', '/webhooks', hook);
    const load = new Load(client, livestreamIds);
    const startedAt = performance.now();
    const measuredFrom = startedAt + size.warmUpSeconds * 1000;
    const endsAt = measuredFrom + size.seconds * 1000;
    const running = Promise.all([
      repeat(startedAt, endsAt, DASHBOARD_INTERVAL_MS, () => load.pollDashboard()),
      ...Array.from({ length: size.clients }, (_, index) =>
        repeat(startedAt + (index * LOOK_UP_INTERVAL_MS) / size.clients, endsAt, LOOK_UP_INTERVAL_MS, () =>
          load.lookUp(index),
        ),
      ),
    ]);
    logProgress(`warming up for ${size.warmUpSeconds} s`);
    await wait(size.warmUpSeconds * 1000);
    logProgress(`measuring for ${size.seconds} s`);
    await sandbox.clearRequests();
    load.results = emptyResults();
    const changes = new Changes(client, sandbox, freeMeetingId);
    await repeat(measuredFrom, endsAt - 1, size.changeEverySeconds * 1000, () => changes.next(load.results));
    await running;
    const { received, rejected } = await sandbox.requestCounts();
    const results = { ...load.results, received: received - changes.ownRequests, rejected };
    return formatPressureReport(size, results);
  } finally {
    await client.close();
    await gateway.stop();
    await sandbox.stop();
  }
}

/** Runs `step` at fixed times. Skips the times that pass while an earlier step runs. */
async function repeat(firstAt: number, endsAt: number, intervalMs: number, step: () => Promise<void>): Promise<void> {
  for (let due = firstAt; due < endsAt; due += intervalMs) {
    const delayMs = due - performance.now();
    if (delayMs < -intervalMs) continue;
    if (delayMs > 0) await wait(delayMs);
    await step();
  }
}

/** The operations of the clients and of the dashboard. */
class Load {
  results = emptyResults();
  readonly #client: HttpClient;
  readonly #livestreamIds: readonly string[];

  constructor(client: HttpClient, livestreamIds: readonly string[]) {
    this.#client = client;
    this.#livestreamIds = livestreamIds;
  }

  async lookUp(index: number): Promise<void> {
    const id = this.#livestreamIds[index % this.#livestreamIds.length];
    const { data, receivedAt, ages } = await this.#send(JSON.stringify({ query: LOOK_UP, variables: { id } }));
    if (data !== null) ages.lookedUp.push(receivedAt - updatedAt(at(data, 'livestream')));
  }

  async pollDashboard(): Promise<void> {
    const { data, receivedAt, ages } = await this.#send(createRequestBody(DASHBOARD_QUERY, ''));
    for (const node of listAt(data, 'livestreams', 'nodes')) {
      ages.listed.push(receivedAt - updatedAt(node));
      const session = at(node, 'activeSession');
      // A livestream that has ended since the list was read has no session.
      if (session !== null) ages.sessions.push(receivedAt - updatedAt(session));
    }
  }

  async #send(body: string): Promise<{ data: unknown; receivedAt: number; ages: PressureResults['agesMs'] }> {
    const { results } = this;
    results.operations += 1;
    const response = await this.#client.post(body).catch(() => null);
    const receivedAt = Date.now();
    const content: unknown = response?.status === 200 ? JSON.parse(response.text) : null;
    const code = response === null ? 'no response' : content === null ? `HTTP ${response.status}` : errorCode(content);
    if (code !== undefined) results.failures.set(code, (results.failures.get(code) ?? 0) + 1);
    if (response !== null) results.durationsMs.push(response.durationMs);
    return { data: code === undefined ? at(content, 'data') : null, receivedAt, ages: results.agesMs };
  }
}

function errorCode(content: unknown): string | undefined {
  const [error] = listAt(content, 'errors');
  return error === undefined ? undefined : String(at(error, 'extensions', 'code'));
}

const updatedAt = (row: unknown): number => Date.parse(stringAt(row, 'updatedAt'));

/** Starts and stops a livestream in one meeting, in turn through the gateway and behind its back. */
class Changes {
  /** The requests that were sent to the sandbox past the gateway. */
  ownRequests = 0;
  #count = 0;
  readonly #client: HttpClient;
  readonly #sandbox: BenchSandbox;
  readonly #meetingId: string;

  constructor(client: HttpClient, sandbox: BenchSandbox, meetingId: string) {
    this.#client = client;
    this.#sandbox = sandbox;
    this.#meetingId = meetingId;
  }

  async next({ changesMs }: PressureResults): Promise<void> {
    const isStart = this.#count % 2 === 0;
    const isMutation = this.#count % 4 < 2;
    this.#count += 1;
    await (isMutation ? this.#mutate(isStart ? START : STOP) : this.#changeUpstream(isStart));
    const changedAt = performance.now();
    while ((await this.#isActive()) !== isStart) {
      if (performance.now() - changedAt > CHANGE_TIMEOUT_MS) break;
      await wait(CHANGE_POLL_MS);
    }
    changesMs[isMutation ? 'mutations' : 'webhooks'].push(performance.now() - changedAt);
  }

  async #mutate(query: string): Promise<void> {
    const { text } = await this.#client.post(JSON.stringify({ query, variables: { id: this.#meetingId } }));
    if (text.includes('"code"')) throw new Error(`The mutation failed: ${text}`);
  }

  async #changeUpstream(isStart: boolean): Promise<void> {
    this.ownRequests += 1;
    const path = `/meetings/${this.#meetingId}/${isStart ? 'livestreams' : 'active-livestream/stop'}`;
    await callApi(this.#sandbox, 'POST', path, {});
  }

  async #isActive(): Promise<boolean> {
    const { text } = await this.#client.post(JSON.stringify({ query: ACTIVE, variables: { id: this.#meetingId } }));
    return at(JSON.parse(text), 'data', 'meeting', 'activeLivestream', 'id') !== undefined;
  }
}

/** Makes `count` livestreams live that belong to meetings. Also returns a meeting without a livestream. */
async function prepareLivestreams(
  sandbox: BenchSandbox,
  count: number,
): Promise<{ livestreamIds: string[]; freeMeetingId: string }> {
  const fetchLive = async (): Promise<unknown[]> =>
    listAt(await callApi(sandbox, 'GET', '/livestreams?status=LIVE&exclude_meetings=false&per_page=100'), 'data');
  const pages = await Promise.all(
    [2, 3].map(async (page) => callApi(sandbox, 'GET', `/meetings?per_page=100&page_no=${page}`)),
  );
  const meetings = pages.flatMap((page) => listAt(page, 'data')).map((meeting) => stringAt(meeting, 'id'));
  let missing = count - (await fetchLive()).length;
  for (let meetingId = meetings.pop(); meetingId !== undefined; meetingId = meetings.pop()) {
    if (missing <= 0) break;
    const isStarted = await callApi(sandbox, 'POST', `/meetings/${meetingId}/livestreams`, {}).then(
      Boolean,
      () => false,
    );
    if (isStarted) missing -= 1;
  }
  const live = (await fetchLive()).map((row) => stringAt(row, 'id'));
  const freeMeetingId = meetings.pop();
  if (live.length < count || freeMeetingId === undefined) throw new Error(`Only ${live.length} livestreams are live.`);
  return { livestreamIds: live.slice(0, count), freeMeetingId };
}
