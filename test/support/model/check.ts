import { DEFAULT_TTL } from '../../../src/data/cache/ttl.ts';
import { at, asArray } from '../gateway.ts';
import type { Credential } from './actions.ts';
import type { OperationOutcome } from './executors.ts';
import { readResponse, type ResponseContents, type ResponseRow } from './responseContents.ts';
import type { ActiveSince, ModelWorld } from './world.ts';

interface Instant {
  /** The position among all events. */
  sequence: number;
  /** Milliseconds since the Unix epoch. */
  at: number;
}

/** A start or a stop whose success a caller knows of. */
export interface KnownChange {
  credential: Credential;
  meetingId: string;
  /** When the sandbox executed the change. */
  executedAt: Instant;
  /** The livestreams whose state changed. */
  livestreamIds: string[];
  /** The started livestream; null for a stop. */
  startedId: string | null;
}

export interface CompletedOperation {
  credential: Credential;
  query: string;
  startedAt: Instant;
  endedAt: Instant;
  /** The changes of the same credential that had succeeded before this operation started. */
  knownChanges: readonly KnownChange[];
  /** What the operation should change; null for a query. */
  intent: { meetingId: string; to: 'started' | 'stopped' } | null;
  outcome: OperationOutcome;
}

/** The only codes that a field can fail with if the input is valid. */
const EXPECTED_CODES: ReadonlySet<unknown> = new Set([
  'RATE_LIMITED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNAVAILABLE',
  'UPSTREAM_INVALID_RESPONSE',
  'QUERY_TOO_EXPENSIVE',
]);

/** Throws if an operation received what it must not. Returns the change that the operation made. */
export function checkOperation(operation: CompletedOperation, world: ModelWorld): KnownChange | null {
  const { credential, outcome } = operation;
  const fail = (problem: string): never => {
    throw new Error(
      `${problem}\n${credential}: ${operation.query}\nfrom ${formatInstant(operation.startedAt)} to ${formatInstant(operation.endedAt)}: ${JSON.stringify(outcome)}`,
    );
  };
  for (const error of outcome.errors) {
    if (!EXPECTED_CODES.has(error.code)) fail(`An error has the code ${String(error.code)}: ${error.message}`);
    const isTimed = Number.isInteger(error.retryAfterSeconds) && Number(error.retryAfterSeconds) > 0;
    if (error.code === 'RATE_LIMITED' && !isTimed) fail('RATE_LIMITED states no time to wait.');
  }
  const change = changeOf(operation, world);
  const known = change === null ? operation.knownChanges : [...operation.knownChanges, change];
  const contents = readResponse(
    outcome.data,
    outcome.errors.map(({ path }) => path),
  );
  for (const text of contents.texts)
    if (!text.startsWith(`${credential}:`)) fail(`The response contains data of another credential: ${text}`);
  const staleAllowanceMs = outcome.sources.includes('stale') ? DEFAULT_TTL.maxStaleMs : 0;
  for (const row of contents.rows) checkRow(row, operation, known, staleAllowanceMs, fail);
  for (const active of contents.actives) checkActive(active, { operation, known, staleAllowanceMs, fail }, world);
  checkLists(contents, known, fail);
  return change;
}

function checkRow(
  row: ResponseRow,
  { startedAt }: CompletedOperation,
  known: readonly KnownChange[],
  staleAllowanceMs: number,
  fail: (problem: string) => never,
): void {
  const ageMs = startedAt.at - row.sentAt;
  const maxAgeMs = maxAgeMsOf(row) + staleAllowanceMs;
  if (ageMs > maxAgeMs)
    fail(`${row.type} ${row.id} was ${ageMs} ms old when the operation started: at most ${maxAgeMs} are allowed.`);
  for (const change of known) {
    const isChanged = row.livestreamId !== null && change.livestreamIds.includes(row.livestreamId);
    const isListed = row.list === 'all' || row.list === change.meetingId;
    if ((isChanged || isListed) && row.sentAt < change.executedAt.at)
      fail(`${row.type} ${row.id} shows the state before the change at ${formatInstant(change.executedAt)}.`);
  }
}

function maxAgeMsOf({ type, hasEnded }: ResponseRow): number {
  if (type !== 'LivestreamSession') return DEFAULT_TTL.statusMs;
  return hasEnded ? DEFAULT_TTL.endedMs : DEFAULT_TTL.metersMs;
}

interface CheckContext {
  operation: CompletedOperation;
  known: readonly KnownChange[];
  staleAllowanceMs: number;
  fail: (problem: string) => never;
}

/** Throws unless the livestream was active at a recent enough time, and not only before a change that the caller knows of. */
function checkActive(
  { meetingId, id }: ResponseContents['actives'][number],
  { operation, known, staleAllowanceMs, fail }: CheckContext,
  world: ModelWorld,
): void {
  const earliest = operation.startedAt.at - DEFAULT_TTL.statusMs - staleAllowanceMs;
  const lastKnownSequence = Math.max(
    0,
    ...known.filter((change) => change.meetingId === meetingId).map(({ executedAt }) => executedAt.sequence),
  );
  const entries = world.activeHistory(meetingId);
  const wasActive = entries.some((entry, index) => {
    const end = entries[index + 1] ?? { sequence: Infinity, at: Infinity };
    return (
      entry.id === id &&
      end.at >= earliest &&
      end.sequence > lastKnownSequence &&
      entry.sequence <= operation.endedAt.sequence
    );
  });
  if (!wasActive)
    fail(
      `The active livestream of ${meetingId} was not ${id} since ${earliest}: ${JSON.stringify(entries)}, changed at #${lastKnownSequence}`,
    );
}

function checkLists(
  { lists }: ResponseContents,
  known: readonly KnownChange[],
  fail: (problem: string) => never,
): void {
  for (const { meetingId, ids } of lists)
    for (const change of known)
      if (change.meetingId === meetingId && change.startedId !== null && !ids.includes(change.startedId))
        fail(`The list lacks ${change.startedId}, which was started before.`);
}

/** The change that the operation's result confirms; null if there is none. */
function changeOf(
  { credential, startedAt, endedAt, intent, outcome }: CompletedOperation,
  world: ModelWorld,
): KnownChange | null {
  if (intent === null) return null;
  const { meetingId, to } = intent;
  const payload = at(outcome.data, to === 'started' ? 'startLivestream' : 'stopLivestream');
  if (payload === null || payload === undefined || asArray(at(payload, 'userErrors')).length > 0) return null;
  const entries = world.activeHistory(meetingId).filter(({ sequence }) => sequence <= endedAt.sequence);
  const index = to === 'started' ? findStart(entries, payload) : findStop(entries, startedAt);
  const entry = entries[index];
  if (entry === undefined)
    throw new Error(`${meetingId} is reported as ${to}, but never was: ${JSON.stringify(entries)}`);
  const before = entries[index - 1]?.id ?? null;
  const livestreamIds = [entry.id, before].filter((id) => id !== null);
  return {
    credential,
    meetingId,
    executedAt: { sequence: entry.sequence, at: entry.at },
    livestreamIds,
    startedId: entry.id,
  };
}

function findStart(entries: readonly ActiveSince[], payload: unknown): number {
  const id = at(payload, 'livestream', 'id');
  return entries.findIndex((entry) => entry.id === id);
}

/** A stop whose response was lost may have found the meeting stopped by another operation. */
function findStop(entries: readonly ActiveSince[], { sequence }: Instant): number {
  const own = entries.findIndex((entry) => entry.id === null && entry.sequence > sequence);
  return own === -1 ? entries.findLastIndex(({ id }) => id === null) : own;
}

function formatInstant({ sequence, at }: Instant): string {
  return `#${sequence} (${at})`;
}
