import { available, type BudgetState, partOf, type RateLimitWindow, windowsOf } from './window.ts';

/**
 * The part of what is left that one of `parts` processes may spend which know nothing of each other from now on. How much is left the
 * first answer tells: what is known now may be old.
 */
export function partition(
  state: BudgetState,
  { parts, inFlight, now }: { parts: number; inFlight: number; now: number },
): BudgetState {
  const copy = copyOf(state);
  for (const window of windowsOf(copy, now)) {
    const size = Math.max(0, Math.floor(available(copy, window) / parts));
    window.part = parts === 1 ? null : { size, spent: 0, isGuessed: true };
  }
  return { ...copy, parts, inFlight, dividedAt: now };
}

/** The same parts, of which the first answer has to tell again how much is left. */
export function markProvisional(state: BudgetState, now: number): BudgetState {
  const copy = { ...copyOf(state), dividedAt: now };
  for (const { part } of windowsOf(copy, now)) if (part !== null) part.isGuessed = true;
  return copy;
}

/** The same without parts. */
export function unpartition(state: BudgetState): BudgetState {
  const whole = { ...copyOf(state), parts: 1, dividedAt: 0, inFlight: 0 };
  for (const window of [whole.assumed, ...whole.told.values()]) if (window !== null) window.part = null;
  return whole;
}

/** What all know, with what one who counted by itself has learned: of each window the less, and every ticket. It keeps its part. */
export function merge(common: BudgetState, alone: BudgetState, now: number): BudgetState {
  const { told, ...rest } = rebase(common, alone);
  for (const [name, window] of alone.told) told.set(name, lesser(common.told.get(name), window));
  const { assumed } = common;
  return {
    ...rest,
    assumed: told.size > 0 || assumed === null || alone.assumed === null ? null : sum(assumed, alone.assumed, now),
    told,
    tickets: new Map([...common.tickets, ...alone.tickets]),
    blockedUntil: Math.max(common.blockedUntil, alone.blockedUntil),
  };
}

/** Upstream has told both how much is left. */
function lesser(known: RateLimitWindow | undefined, own: RateLimitWindow): RateLimitWindow {
  if (known === undefined) return copyOfWindow(own);
  const later = (known.endsAt ?? 0) > (own.endsAt ?? 0) ? known : own;
  const remaining = isSameWindow(known, own) ? Math.min(known.remaining, own.remaining) : later.remaining;
  return { ...later, remaining, toldAt: Math.max(known.toldAt, own.toldAt), part: copyOfWindow(own).part };
}

/** Where upstream tells nothing, what was spent alone is what the others have not counted. */
function sum(common: RateLimitWindow, own: RateLimitWindow, now: number): RateLimitWindow {
  const isOver = common.endsAt !== null && common.endsAt <= now;
  const remaining = isOver
    ? own.remaining
    : own.part === null
      ? Math.min(common.remaining, own.remaining)
      : common.remaining - own.part.spent;
  const endsAt = Math.max(common.endsAt ?? 0, own.endsAt ?? 0);
  return { ...copyOfWindow(own), remaining, endsAt: endsAt === 0 ? null : endsAt };
}

/** What all know, for one who has told them what it knew: it goes on with its part. */
export function rebase(common: BudgetState, alone: BudgetState): BudgetState {
  const { parts, dividedAt, inFlight } = alone;
  const withPart = (window: RateLimitWindow, own: RateLimitWindow | null | undefined): RateLimitWindow => {
    const isSame = own && isSameWindow(window, own);
    return { ...window, part: isSame ? own.part && { ...own.part } : partOf(alone, window.limit) };
  };
  const told = [...common.told].map(([name, window]) => [name, withPart(window, alone.told.get(name))] as const);
  return {
    ...copyOf(common),
    assumed: common.assumed && withPart(common.assumed, alone.assumed),
    told: new Map(told),
    parts,
    dividedAt,
    inFlight,
  };
}

/** One that has not begun may be the same. */
function isSameWindow(one: RateLimitWindow, other: RateLimitWindow): boolean {
  if (one.endsAt === null || other.endsAt === null) return true;
  return Math.abs(one.endsAt - other.endsAt) < Math.max(one.length, other.length) / 2;
}

export function copyOf({ assumed, told, tickets, ...rest }: BudgetState): BudgetState {
  const copies = [...told].map(([name, window]) => [name, copyOfWindow(window)] as const);
  return { ...rest, assumed: assumed && copyOfWindow(assumed), told: new Map(copies), tickets: new Map(tickets) };
}

const copyOfWindow = (window: RateLimitWindow): RateLimitWindow => ({
  ...window,
  part: window.part && { ...window.part },
});
