import type { UpstreamRequests } from '../../bench/soak/sandboxObserver.ts';
import { formatNumber, quantile } from '../../bench/statistics.ts';
import { priceOf, usageOfDay } from './costs.ts';
import type { ObjectCounts } from './objectCounts.ts';
import type { ChangeSource, SeenChange } from './livestreamChanges.ts';
import type { ViewerCounts } from './viewer.ts';

export interface ViewersRunSize {
  viewers: number;
  /** The meetings in which livestreams start and stop. */
  meetings: number;
  minutes: number;
  /** How long a livestream stays live, and how long until the next one, at most. */
  maxPauseSeconds: number;
}

/** How long all viewers took to have the present state, and what was still stale after that. */
export interface Resync {
  seconds: number;
  stale: readonly string[];
}

export interface ViewersResults {
  size: ViewersRunSize;
  /** From the moment when all viewers were connected. */
  minutes: number;
  changes: readonly SeenChange[];
  viewers: ViewerCounts;
  /** Those that opened the viewers. */
  connections: number;
  /** After the restart, and at the end. */
  resyncs: readonly [Resync, Resync];
  object: ObjectCounts;
  upstream: UpstreamRequests;
}

/** A promise, and whether the run kept it. */
export interface ViewersCheck {
  promise: string;
  finding: string;
  hasPassed: boolean;
}

const MAX_LISTED = 3;

export function checkViewers({ size, changes, viewers, resyncs, object, upstream }: ViewersResults): ViewersCheck[] {
  const [evicted, last] = resyncs;
  return [
    checkNone(
      'Every viewer sees every change',
      changes.flatMap(({ missed }) => missed),
    ),
    check('There were changes', changes.length >= 2 * size.meetings, `${changes.length}`),
    checkNone('No viewer sees changes out of order', viewers.outOfOrder),
    checkNone('No viewer sees a state twice in a row', viewers.repeated),
    checkNone('No event contains an error', viewers.errors),
    check('The object was restarted once', object.starts === 2, `${object.starts} starts`),
    checkNone('Every viewer comes back after the restart, and has the present state', evicted.stale),
    checkNone('Every viewer has the present state in the end', last.stale),
    check('RealtimeKit rejects no request', upstream.rejected === 0, `${upstream.rejected} rejected`),
  ];
}

function check(promise: string, hasPassed: boolean, finding: string): ViewersCheck {
  return { promise, hasPassed, finding };
}

/** Passes if there are no violations. */
function checkNone(promise: string, violations: readonly string[]): ViewersCheck {
  const finding = `${violations.length}: ${violations.slice(0, MAX_LISTED).join('; ')}`;
  return check(promise, violations.length === 0, violations.length === 0 ? 'yes' : finding);
}

const SOURCES: readonly ChangeSource[] = ['mutations', 'webhooks', 'polling'];

export function formatViewersReport(results: ViewersResults): string {
  const { size, minutes, changes, resyncs } = results;
  return [
    '# Viewers on Cloudflare Workers',
    '',
    `${formatNumber(size.viewers)} viewers, half over SSE and half over WebSocket, of livestreams that start and stop in ${size.meetings} meetings, for ${formatNumber(minutes)} minutes. A tenth subscribes to all livestreams, the others to those of one meeting. In the middle, workerd is killed and started again, and a livestream stops meanwhile: all viewers had the present state ${formatNumber(resyncs[0].seconds)} s after the new start.`,
    '',
    '| changes found by | changes | p50 ms | p99 ms | last ms |',
    '| --- | --- | --- | --- | --- |',
    ...SOURCES.map((source) => formatChanges(source, changes)),
    '',
    ...formatCounts(results),
    ...formatCosts(results),
    ...checkViewers(results).map(
      ({ promise, finding, hasPassed }) => `- ${hasPassed ? 'Kept' : '**Broken**'}: ${promise}: ${finding}`,
    ),
    '',
  ].join('\n');
}

function formatChanges(source: ChangeSource, changes: readonly SeenChange[]): string {
  const own = changes.filter((change) => change.source === source);
  const delaysMs = own.flatMap((change) => change.delaysMs);
  const cells = [own.length, ...[0.5, 0.99, 1].map((fraction) => quantile(delaysMs, fraction))];
  return `| ${[source, ...cells.map(formatNumber)].join(' | ')} |`;
}

/** What Cloudflare bills, and RealtimeKit counts. */
function formatCounts({ size, minutes, viewers, connections, object, upstream }: ViewersResults): string[] {
  const rows: [string, number][] = [
    ['connections of viewers, first', connections],
    ['connections of viewers, after the restart', viewers.connections - connections],
    ['WebSockets among these', viewers.webSockets],
    ['messages of viewers over WebSocket', viewers.sentMessages],
    ['events to viewers', viewers.events],
    ['requests to the object', object.requests],
    ['alarms', object.alarms],
    ['rows written', object.rowsWritten],
    ['requests to RealtimeKit', upstream.receivedAtMs.length],
  ];
  return [
    '| what | count | per minute | per viewer |',
    '| --- | --- | --- | --- |',
    ...rows.map(
      ([name, count]) =>
        `| ${[name, ...[count, count / minutes, count / size.viewers].map(formatNumber)].join(' | ')} |`,
    ),
    '',
  ];
}

const VIEWERS = 1000;
const CONNECTIONS_PER_DAY = 24;
/** `connection_init` and `subscribe`. */
const MESSAGES_PER_CONNECTION = 2;

/** What a day of 1,000 viewers over WebSocket costs at the rates that were measured. */
function formatCosts({ size, minutes, viewers, object }: ViewersResults): string[] {
  const furtherMessages = viewers.sentMessages - MESSAGES_PER_CONNECTION * viewers.webSockets;
  const webSocketViewers = size.viewers / 2;
  const usage = usageOfDay(VIEWERS, {
    connectionsPerViewerDay: CONNECTIONS_PER_DAY,
    messagesPerConnection: MESSAGES_PER_CONNECTION,
    messagesPerViewerMinute: Math.max(0, furtherMessages) / webSocketViewers / minutes,
    otherRequestsPerMinute: (object.requests - viewers.connections) / minutes,
    alarmsPerMinute: object.alarms / minutes,
    rowsWrittenPerMinute: object.rowsWritten / minutes,
  });
  const prices = priceOf(usage);
  const rows: [string, keyof typeof usage][] = [
    ['requests to the Worker', 'workerRequests'],
    ['requests to the object, with a twentieth of the messages', 'objectRequests'],
    ['GB-s of the object', 'gigabyteSeconds'],
    ['rows written', 'rowsWritten'],
  ];
  const total = prices.workerRequests + prices.objectRequests + prices.gigabyteSeconds + prices.rowsWritten;
  return [
    `A day of ${formatNumber(VIEWERS)} viewers over WebSocket, who each connect ${CONNECTIONS_PER_DAY} times, at these rates, without what Cloudflare’s plan includes:`,
    '',
    '| what | count | dollars |',
    '| --- | --- | --- |',
    ...rows.map(([name, key]) => `| ${name} | ${formatNumber(usage[key])} | ${prices[key].toFixed(4)} |`),
    `| all | | ${total.toFixed(4)} |`,
    '',
  ];
}
