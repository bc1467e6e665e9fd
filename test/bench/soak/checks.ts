import type { Broadcast } from './broadcaster.ts';
import { type OperationStats, UNEXPECTED_PREFIX } from './counters.ts';
import { findUnexpectedErrors } from './expectedErrors.ts';
import { findPeakRequests } from './peakRequests.ts';
import type { ResourceUsage } from './replicaProcess.ts';
import type { UpstreamRequests } from './sandboxObserver.ts';

/** Everything that a soak test measured. */
export interface SoakResults {
  operations: ReadonlyMap<string, OperationStats>;
  errorCodes: ReadonlyMap<string, number>;
  brokenConnections: ReadonlyMap<string, number>;
  unanswered: number;
  quota: { limit: number; windowSeconds: number };
  upstreamRequests: UpstreamRequests;
  broadcasts: readonly Broadcast[];
  /** The number of livestreams that the API has, by the name of each requested or created livestream. */
  createdCounts: ReadonlyMap<string, number>;
  repeatedStarts: number;
  /** The resources of the control replica before any load, after the warm-up, and at the end. */
  control: { initial: ResourceUsage; warm: ResourceUsage; final: ResourceUsage };
  /** The number of restarted replicas by signal. */
  restarts: ReadonlyMap<string, number>;
  replicaFailures: readonly string[];
  redisDisruptions: ReadonlyMap<string, number>;
  /** How often each kind of upstream fault was armed. */
  armedFaults: ReadonlyMap<string, number>;
  subscribers: {
    total: number;
    /** Subscribers that remained at the end. */
    remaining: number;
    /** How long the remaining subscribers needed to receive the actual state after the load had ended. */
    syncSeconds: number;
    /** Descriptions of states that were still stale after the timeout. */
    stale: readonly string[];
  };
  /** The number of log lines of level `error` or above, by message. */
  loggedErrors: ReadonlyMap<string, number>;
}

/** A promise of the gateway and whether the gateway kept it. */
export interface CheckResult {
  promise: string;
  hasPassed: boolean;
  finding: string;
}

/** The final heap size must not exceed the size after the warm-up by more than this factor. */
const MAX_HEAP_RATIO = 1.1;
/** Findings that one check lists. */
const MAX_LISTED = 5;

/** Checks every promise against the results. */
export function checkResults(results: SoakResults): CheckResult[] {
  return [
    ...checkOperations(results),
    ...checkUpstream(results),
    ...checkBroadcasts(results),
    ...checkReplicas(results),
  ];
}

function checkOperations({ errorCodes, brokenConnections, unanswered }: SoakResults): CheckResult[] {
  const unexpectedBreaks = [...brokenConnections.keys()].filter((reason) => reason.startsWith(UNEXPECTED_PREFIX));
  const brokenByDrain = brokenConnections.get('SIGTERM, operation') ?? 0;
  return [
    checkNone('Every error code is expected', findUnexpectedErrors(errorCodes.keys())),
    checkNone('Connections break only when a replica is stopped', unexpectedBreaks),
    check('A rolling restart breaks no operation', brokenByDrain === 0, `${brokenByDrain} broken`),
    check('Every operation gets a response in the end', unanswered === 0, `${unanswered} unanswered`),
  ];
}

function checkUpstream({ quota, upstreamRequests }: SoakResults): CheckResult[] {
  const { limit, windowSeconds } = quota;
  const { rejected, followedRedirects, receivedAtMs } = upstreamRequests;
  const peak = findPeakRequests(receivedAtMs, windowSeconds * 1000).fixedWindow;
  return [
    check('Upstream sends no 429', rejected === 0, `${rejected} 429 responses`),
    check(`At most ${limit} upstream requests in ${windowSeconds} s`, peak <= limit, `at most ${peak}`),
    check('The gateway follows no redirect', followedRedirects === 0, `${followedRedirects} followed`),
  ];
}

function checkBroadcasts({ broadcasts, createdCounts }: SoakResults): CheckResult[] {
  const requestedNames = new Set(broadcasts.map(({ name }) => name));
  const confirmed = broadcasts.filter(({ confirmedBy }) => confirmedBy !== null);
  const unconfirmed = broadcasts.filter(({ confirmedBy }) => confirmedBy === null);
  const duplicates = [...createdCounts].filter(([, count]) => count > 1).map(([name]) => name);
  return [
    checkNone('Every broadcaster learns that its livestream is active', unconfirmed.map(nameOf)),
    checkNone(
      'No livestream is lost',
      confirmed.map(nameOf).filter((name) => createdCounts.get(name) === 0),
    ),
    checkNone('No livestream is started twice', duplicates),
    checkNone(
      'Only requested livestreams are started',
      [...createdCounts.keys()].filter((name) => !requestedNames.has(name)),
    ),
  ];
}

function checkReplicas({ control, replicaFailures, subscribers }: SoakResults): CheckResult[] {
  const { initial, warm, final } = control;
  return [
    check(
      'The heap grows by at most 10 %',
      final.heapBytes <= warm.heapBytes * MAX_HEAP_RATIO,
      `${(100 * heapGrowth(control)).toFixed(1)} %`,
    ),
    checkNone('No handle or socket leaks', findLeaks(initial, final)),
    checkNone('Replicas exit only when stopped, and drain with exit code 0', replicaFailures),
    checkNone('Every subscriber receives the actual state in the end', subscribers.stale),
  ];
}

/** Returns the growth of the control replica's heap after the warm-up, as a fraction. */
export function heapGrowth({ warm, final }: SoakResults['control']): number {
  return final.heapBytes / warm.heapBytes - 1;
}

/** Describes each type of handle, and the sockets, of which there are now more than initially. */
export function findLeaks(initial: ResourceUsage, current: ResourceUsage): string[] {
  const initialCounts = new Map(Object.entries({ ...initial.resources, 'open sockets': initial.sockets }));
  const currentCounts = Object.entries({ ...current.resources, 'open sockets': current.sockets });
  return currentCounts.flatMap(([type, count]) => {
    const initialCount = initialCounts.get(type) ?? 0;
    return count > initialCount ? [`${type}: ${count}, initially ${initialCount}`] : [];
  });
}

function check(promise: string, hasPassed: boolean, finding: string): CheckResult {
  return { promise, hasPassed, finding };
}

/** Passes if there are no violations. */
function checkNone(promise: string, violations: readonly string[]): CheckResult {
  const listed = violations.slice(0, MAX_LISTED).join('; ');
  const more = violations.length > MAX_LISTED ? `; ${violations.length - MAX_LISTED} more` : '';
  return check(promise, violations.length === 0, violations.length === 0 ? 'yes' : listed + more);
}

function nameOf({ name }: Broadcast): string {
  return name;
}
