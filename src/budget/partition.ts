import { available, type BudgetState, currentWindows, newPartition, type RateLimitWindow } from './window.ts';

/**
 * Divides what is left of each window among `partitionCount` replicas that cannot coordinate from now on, and returns the state
 * of one of them. Its partitions are provisional, since the counts in `state` may be old.
 */
export function partition(
  state: BudgetState,
  { partitionCount, inFlight, now }: Pick<BudgetState, 'partitionCount' | 'inFlight'> & { now: number },
): BudgetState {
  const copy = copyBudget(state);
  for (const window of currentWindows(copy, now)) {
    const size = Math.max(0, Math.floor(available(copy, window) / partitionCount));
    window.partition = partitionCount === 1 ? null : { size, spent: 0, isProvisional: true };
  }
  return { ...copy, partitionCount, inFlight, partitionedAt: now };
}

/** The same partitions, which are provisional again until the next response reports how much is left. */
export function markProvisional(state: BudgetState, now: number): BudgetState {
  const copy = { ...copyBudget(state), partitionedAt: now };
  for (const window of currentWindows(copy, now)) if (window.partition !== null) window.partition.isProvisional = true;
  return copy;
}

/** The same state without partitions. */
export function unpartition(state: BudgetState): BudgetState {
  const whole = { ...copyBudget(state), partitionCount: 1, partitionedAt: 0, inFlight: 0 };
  for (const window of [whole.defaultWindow, ...whole.reported.values()]) if (window !== null) window.partition = null;
  return whole;
}

/**
 * The shared state, updated with what a partitioned replica learned by itself: the smaller count of each window, and every open
 * reservation. The replica keeps its partitions.
 */
export function merge(shared: BudgetState, local: BudgetState, now: number): BudgetState {
  const { reported, ...rest } = rebase(shared, local);
  for (const [name, window] of local.reported) reported.set(name, mergeReported(shared.reported.get(name), window));
  return {
    ...rest,
    defaultWindow: reported.size > 0 ? null : mergeDefaults(shared.defaultWindow, local.defaultWindow, now),
    reported,
    reservations: new Map([...shared.reservations, ...local.reservations]),
    lockedOutUntil: Math.max(shared.lockedOutUntil, local.lockedOutUntil),
  };
}

/** RealtimeKit reported the limit to both: the later window counts, or the smaller count of the same window. */
function mergeReported(shared: RateLimitWindow | undefined, local: RateLimitWindow): RateLimitWindow {
  if (shared === undefined) return copyWindow(local);
  const later = (shared.endsAt ?? 0) > (local.endsAt ?? 0) ? shared : local;
  return {
    ...later,
    remaining: isSameWindow(shared, local) ? Math.min(shared.remaining, local.remaining) : later.remaining,
    reportedAt: Math.max(shared.reportedAt, local.reportedAt),
    partition: copyWindow(local).partition,
  };
}

/** RealtimeKit reports nothing: the other replicas have not counted what this one spent from its partition. */
function mergeDefaults(
  shared: RateLimitWindow | null,
  local: RateLimitWindow | null,
  now: number,
): RateLimitWindow | null {
  if (shared === null || local === null) return null;
  const hasEnded = shared.endsAt !== null && shared.endsAt <= now;
  const remaining = hasEnded
    ? local.remaining
    : local.partition === null
      ? Math.min(shared.remaining, local.remaining)
      : shared.remaining - local.partition.spent;
  const endsAt = Math.max(shared.endsAt ?? 0, local.endsAt ?? 0);
  return { ...copyWindow(local), remaining, endsAt: endsAt === 0 ? null : endsAt };
}

/** The shared state, for a replica that has published what it learned. The replica keeps its partitions. */
export function rebase(shared: BudgetState, local: BudgetState): BudgetState {
  const { partitionCount, partitionedAt, inFlight } = local;
  const withPartition = (window: RateLimitWindow, own: RateLimitWindow | null | undefined): RateLimitWindow => {
    const isSame = own && isSameWindow(window, own);
    return { ...window, partition: isSame ? copyWindow(own).partition : newPartition(local, window.limit) };
  };
  return {
    ...copyBudget(shared),
    defaultWindow: shared.defaultWindow && withPartition(shared.defaultWindow, local.defaultWindow),
    reported: mapValues(shared.reported, (window, name) => withPartition(window, local.reported.get(name))),
    partitionCount,
    partitionedAt,
    inFlight,
  };
}

/** A window that has not started may be the same as any other. */
function isSameWindow(left: RateLimitWindow, right: RateLimitWindow): boolean {
  if (left.endsAt === null || right.endsAt === null) return true;
  return Math.abs(left.endsAt - right.endsAt) < Math.max(left.lengthMs, right.lengthMs) / 2;
}

export function copyBudget(state: BudgetState): BudgetState {
  return {
    ...state,
    defaultWindow: state.defaultWindow && copyWindow(state.defaultWindow),
    reported: mapValues(state.reported, copyWindow),
    reservations: new Map(state.reservations),
  };
}

function copyWindow(window: RateLimitWindow): RateLimitWindow {
  return { ...window, partition: window.partition && { ...window.partition } };
}

function mapValues<Value>(map: Map<string, Value>, change: (value: Value, key: string) => Value): Map<string, Value> {
  return new Map([...map].map(([key, value]) => [key, change(value, key)]));
}
