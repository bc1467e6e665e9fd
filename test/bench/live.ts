import { setTimeout as wait } from 'node:timers/promises';

import { listAt, textAt } from './json.ts';
import { quantile, shown } from './numbers.ts';
import { startProgram } from './program.ts';
import { openReaders, type Readers } from './readers.ts';
import { type BenchSandbox, startSandbox } from './upstream.ts';

export interface LiveSize {
  livestreams: number;
  /** Of each livestream. */
  readers: number;
  /** Livestreams that are stopped past the gateway, without webhooks and with them. */
  changes: number;
  /** Within which they are made. */
  changeSeconds: number;
  /** How long nothing happens while requests are counted. */
  idleSeconds: number;
}

export const FULL_LIVE: LiveSize = { livestreams: 100, readers: 50, changes: 20, changeSeconds: 57, idleSeconds: 60 };
export const SHORT_LIVE: LiveSize = { livestreams: 4, readers: 5, changes: 1, changeSeconds: 0, idleSeconds: 1 };

/** What it cost and how long it took, with webhooks or without. */
interface LiveRun {
  name: string;
  requestsPerMinute: number;
  /** Milliseconds from the change to each reader, and to the last of its livestream. */
  all: number[];
  last: number[];
}

/** Many who watch: memory, requests, and the time until each is told. Gives the report. */
export async function runLive(size: LiveSize, note: (line: string) => void): Promise<string> {
  const sandbox = await startSandbox({ goLiveAfterMs: 0, quota: QUOTA });
  const gateway = await startProgram('src/node.ts', {
    ...sandbox.env,
    PORT: '0',
    SUBSCRIPTIONS_PER_CALLER: '10000',
    WEBHOOK_KEY_URL: `${sandbox.origin}/.well-known/webhooks.json`,
  });
  let readers: Readers | undefined;
  try {
    const live = await liveRows(sandbox, size.livestreams);
    const before = (await gateway.usage()).residentBytes;
    note(`${live.length * size.readers} subscribers of ${live.length} livestreams`);
    readers = await openReaders(
      gateway.origin,
      live.map(({ id }) => id),
      size.readers,
    );
    await wait(2000);
    const bytes = ((await gateway.usage()).residentBytes - before) / (live.length * size.readers);
    const watched = { sandbox, readers, size };
    note('without webhooks');
    const polled = await measureRun('by looking', watched, live.slice(0, size.changes));
    await register(sandbox, `${gateway.origin}/webhooks/realtimekit`);
    // The first event shows that they come.
    await measureChange(watched, live[size.changes]);
    note('with webhooks');
    const told = await measureRun('by webhooks', watched, live.slice(size.changes + 1, 2 * size.changes + 1));
    return writeReport(live.length * size.readers, live.length, bytes, [polled, told]);
  } finally {
    readers?.end();
    await gateway.end();
    await sandbox.end();
  }
}

/** The vendor's own. */
const QUOTA = { limit: 1200, windowSeconds: 300, lockSeconds: 300, enforced: true };

interface Row {
  id: string;
  meetingId: string;
}

interface Watched {
  sandbox: BenchSandbox;
  readers: Readers;
  size: LiveSize;
}

async function measureRun(name: string, watched: Watched, rows: readonly Row[]): Promise<LiveRun> {
  const { sandbox, size } = watched;
  await sandbox.forgetRequests();
  await wait(size.idleSeconds * 1000);
  const { received } = await sandbox.counts();
  const changes = await Promise.all(
    rows.map(async (row, index) => {
      // Spread, so that they come at any moment between two looks.
      await wait((size.changeSeconds * 1000 * index) / rows.length);
      return measureChange(watched, row);
    }),
  );
  const last = changes.map((milliseconds) => Math.max(...milliseconds));
  return { name, requestsPerMinute: (received * 60) / size.idleSeconds, all: changes.flat(), last };
}

/** Stops a livestream past the gateway. */
async function measureChange({ sandbox, readers }: Watched, row: Row | undefined): Promise<number[]> {
  if (row === undefined) throw new Error('There are too few livestreams.');
  const changedAt = performance.now();
  await call(sandbox, 'POST', `/meetings/${row.meetingId}/active-livestream/stop`, {});
  const moments = await readers.until(row.id, 'IDLE');
  return moments.map((moment) => moment - changedAt);
}

/** So many that are live, in meetings; those that are not there yet are started. */
async function liveRows(sandbox: BenchSandbox, count: number): Promise<Row[]> {
  const idle = listAt(await call(sandbox, 'GET', '/meetings?per_page=100'), 'data');
  const rows = await read(sandbox);
  for (const meeting of idle.slice(0, Math.max(0, 2 * (count - rows.length)))) {
    await call(sandbox, 'POST', `/meetings/${textAt(meeting, 'id')}/livestreams`, {}).catch(() => null);
  }
  const all = rows.length < count ? await read(sandbox) : rows;
  if (all.length < count) throw new Error(`Only ${all.length} livestreams are live.`);
  return all.slice(0, count);
}

async function read(sandbox: BenchSandbox): Promise<Row[]> {
  const path = '/livestreams?status=LIVE&exclude_meetings=false&per_page=100';
  const pages = await Promise.all([1, 2].map(async (page) => call(sandbox, 'GET', `${path}&page_no=${page}`)));
  return pages
    .flatMap((page) => listAt(page, 'data'))
    .flatMap((row) =>
      typeof row === 'object' && row !== null && 'meeting_id' in row && typeof row.meeting_id === 'string'
        ? [{ id: textAt(row, 'id'), meetingId: row.meeting_id }]
        : [],
    );
}

async function register(sandbox: BenchSandbox, url: string): Promise<void> {
  await call(sandbox, 'POST', '/webhooks', { name: 'bench', url, events: ['livestreaming.statusUpdate'] });
}

async function call({ env }: BenchSandbox, method: string, path: string, content?: object): Promise<unknown> {
  const { CLOUDFLARE_BASE_URL: base, CLOUDFLARE_ACCOUNT_ID: account, REALTIMEKIT_APP_ID: app } = env;
  const response = await fetch(`${base}/accounts/${account}/realtime/kit/${app}${path}`, {
    method,
    headers: { authorization: 'Bearer bench-observer', 'content-type': 'application/json' },
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
  });
  if (!response.ok) throw new Error(`The sandbox answered ${method} ${path} with ${response.status}.`);
  return response.json();
}

function writeReport(readers: number, livestreams: number, bytes: number, runs: readonly LiveRun[]): string {
  const rows = runs.map(({ name, requestsPerMinute, all, last }) => {
    const cells = [
      requestsPerMinute,
      quantile(all, 0.5),
      quantile(all, 0.99),
      quantile(last, 0.5),
      quantile(last, 0.99),
    ];
    return `| ${[name, ...cells.map(shown)].join(' | ')} |`;
  });
  return [
    '# Live updates',
    '',
    `${shown(readers)} subscribers of ${livestreams} livestreams over SSE, each with a connection of its own, on the machine that runs the gateway too: ${shown(bytes / 1024)} KB of the gateway's memory each.`,
    'Livestreams are stopped past the gateway; the time runs from the request that stops one.',
    '',
    '| told | upstream requests a minute, idle | p50 ms | p99 ms | last subscriber p50 ms | last subscriber p99 ms |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
