import { DEFAULT_TTL } from '../../../src/data/cache/ttl.ts';
import { at, asArray } from '../gateway.ts';
import type { Owner } from './actions.ts';
import type { Outcome } from './callers.ts';
import { readSeen, type Seen, type SeenRow } from './seen.ts';
import type { ActiveSince, World } from './world.ts';

interface Instant {
  /** Its place among all that happened. */
  seq: number;
  /** Milliseconds since the Unix epoch. */
  at: number;
}

/** A change that an operation was told to have succeeded with. */
export interface Change {
  who: Owner;
  meetingId: string;
  /** When the sandbox carried it out. */
  carriedOut: Instant;
  /** Of which it changed the state. */
  livestreamIds: string[];
  /** Null: it was a stop. */
  startedId: string | null;
}

/** An operation that has ended. */
export interface Ended {
  who: Owner;
  query: string;
  startedAt: Instant;
  endedAt: Instant;
  /** The changes of the same credential that had succeeded before it began. */
  known: readonly Change[];
  /** What it is to change; null: nothing. */
  changed: { meetingId: string; to: 'started' | 'stopped' } | null;
  outcome: Outcome;
}

/** With valid input, a field can fail with one of these alone. */
const CODES: ReadonlySet<unknown> = new Set([
  'RATE_LIMITED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_INVALID_RESPONSE',
  'QUERY_TOO_EXPENSIVE',
]);

/** Checks what an operation was told; throws where it must not be so. Gives the change that it made. */
export function check(operation: Ended, world: World): Change | null {
  const { who, outcome } = operation;
  const fail = (what: string): never => {
    throw new Error(
      `${what}\n${who}: ${operation.query}\nfrom ${wordsOf(operation.startedAt)} to ${wordsOf(operation.endedAt)}: ${JSON.stringify(outcome)}`,
    );
  };
  for (const error of outcome.errors) {
    if (!CODES.has(error.code)) fail(`An error has the code ${String(error.code)}: ${error.message}`);
    const isTimed = Number.isInteger(error.retryAfterSeconds) && Number(error.retryAfterSeconds) > 0;
    if (error.code === 'RATE_LIMITED' && !isTimed) fail('RATE_LIMITED does not tell how long to wait.');
  }
  const change = changeOf(operation, world);
  const known = change === null ? operation.known : [...operation.known, change];
  const seen = readSeen(
    outcome.data,
    outcome.errors.map(({ path }) => path),
  );
  for (const text of seen.texts) if (!text.startsWith(`${who}:`)) fail(`It shows another credential's data: ${text}`);
  const stretch = outcome.sources.includes('stale') ? DEFAULT_TTL.maxStaleMs : 0;
  for (const row of seen.rows) checkRow(row, operation, known, stretch, fail);
  for (const active of seen.actives) checkActive(active, { operation, known, stretch, fail }, world);
  checkLists(seen, known, fail);
  return change;
}

function checkRow(
  row: SeenRow,
  { startedAt }: Ended,
  known: readonly Change[],
  stretch: number,
  fail: (what: string) => never,
): void {
  const age = startedAt.at - row.toldAt;
  const allowed = freshnessOf(row) + stretch;
  if (age > allowed) fail(`${row.type} ${row.id} was ${age} ms old when the operation began: ${allowed} are allowed.`);
  for (const change of known) {
    const isAbout = row.livestreamId !== null && change.livestreamIds.includes(row.livestreamId);
    const isListed = row.list === 'all' || row.list === change.meetingId;
    if ((isAbout || isListed) && row.toldAt < change.carriedOut.at)
      fail(`${row.type} ${row.id} is as it was before the change of ${wordsOf(change.carriedOut)}.`);
  }
}

function freshnessOf({ type, hasEnded }: SeenRow): number {
  if (type !== 'LivestreamSession') return DEFAULT_TTL.statusMs;
  return hasEnded ? DEFAULT_TTL.endedMs : DEFAULT_TTL.metersMs;
}

interface Judging {
  operation: Ended;
  known: readonly Change[];
  stretch: number;
  fail: (what: string) => never;
}

/** It has to have been so at some time that is late enough, and not before a change that was known of. */
function checkActive(
  { meetingId, id }: Seen['actives'][number],
  { operation, known, stretch, fail }: Judging,
  world: World,
): void {
  const earliest = operation.startedAt.at - DEFAULT_TTL.statusMs - stretch;
  const floor = Math.max(
    0,
    ...known.filter((change) => change.meetingId === meetingId).map(({ carriedOut }) => carriedOut.seq),
  );
  const entries = world.active(meetingId);
  const wasSo = entries.some((entry, index) => {
    const end = entries[index + 1] ?? { seq: Infinity, at: Infinity };
    return entry.id === id && end.at >= earliest && end.seq > floor && entry.seq <= operation.endedAt.seq;
  });
  if (!wasSo)
    fail(
      `The active livestream of ${meetingId} was not ${id} since ${earliest}: ${JSON.stringify(entries)}, changed at ${floor}`,
    );
}

function checkLists({ lists }: Seen, known: readonly Change[], fail: (what: string) => never): void {
  for (const { meetingId, ids } of lists)
    for (const change of known)
      if (change.meetingId === meetingId && change.startedId !== null && !ids.includes(change.startedId))
        fail(`The list lacks ${change.startedId}, which had been started.`);
}

/** What the operation's answer says that it changed; null: nothing, or that is not known. */
function changeOf({ who, startedAt, endedAt, changed, outcome }: Ended, world: World): Change | null {
  if (changed === null) return null;
  const { meetingId, to } = changed;
  const payload = at(outcome.data, to === 'started' ? 'startLivestream' : 'stopLivestream');
  if (payload === null || payload === undefined || asArray(at(payload, 'userErrors')).length > 0) return null;
  const entries = world.active(meetingId).filter(({ seq }) => seq <= endedAt.seq);
  const index = to === 'started' ? startIn(entries, payload) : stopIn(entries, startedAt);
  const entry = entries[index];
  if (entry === undefined)
    throw new Error(`${meetingId} is said to be ${to}, and never was: ${JSON.stringify(entries)}`);
  const before = entries[index - 1]?.id ?? null;
  const livestreamIds = [entry.id, before].filter((id) => id !== null);
  return { who, meetingId, carriedOut: { seq: entry.seq, at: entry.at }, livestreamIds, startedId: entry.id };
}

function startIn(entries: readonly ActiveSince[], payload: unknown): number {
  const id = at(payload, 'livestream', 'id');
  return entries.findIndex((entry) => entry.id === id);
}

/** One whose answer was lost may have found the meeting stopped by another. */
function stopIn(entries: readonly ActiveSince[], { seq }: Instant): number {
  const own = entries.findIndex((entry) => entry.id === null && entry.seq > seq);
  return own === -1 ? entries.findLastIndex(({ id }) => id === null) : own;
}

function wordsOf({ seq, at }: Instant): string {
  return `#${seq} (${at})`;
}
