import { available, type BudgetState, partOf, type Window, windowsOf } from './window.ts';

/**
 * The part of what is left that one of `parts` processes may spend which know nothing of each other from now on. How much is left the
 * first answer tells: what is known now may be old.
 */
export function divided(
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
export function guessedAnew(state: BudgetState, now: number): BudgetState {
  const copy = { ...copyOf(state), dividedAt: now };
  for (const { part } of windowsOf(copy, now)) if (part !== null) part.isGuessed = true;
  return copy;
}

/** The same without parts. */
export function undivided(state: BudgetState): BudgetState {
  const whole = { ...copyOf(state), parts: 1, dividedAt: 0, inFlight: 0 };
  for (const window of [whole.assumed, ...whole.told.values()]) if (window !== null) window.part = null;
  return whole;
}

/** What all know, with what one who counted by itself has learned: of each window the less, and every ticket. It keeps its part. */
export function joined(common: BudgetState, alone: BudgetState, now: number): BudgetState {
  const { told, ...rest } = parted(common, alone);
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
function lesser(known: Window | undefined, own: Window): Window {
  if (known === undefined) return copyOfWindow(own);
  const later = (known.endsAt ?? 0) > (own.endsAt ?? 0) ? known : own;
  const left = isSameWindow(known, own) ? Math.min(known.left, own.left) : later.left;
  return { ...later, left, toldAt: Math.max(known.toldAt, own.toldAt), part: copyOfWindow(own).part };
}

/** Where upstream tells nothing, what was spent alone is what the others have not counted. */
function sum(common: Window, own: Window, now: number): Window {
  const isOver = common.endsAt !== null && common.endsAt <= now;
  const left = isOver ? own.left : own.part === null ? Math.min(common.left, own.left) : common.left - own.part.spent;
  const endsAt = Math.max(common.endsAt ?? 0, own.endsAt ?? 0);
  return { ...copyOfWindow(own), left, endsAt: endsAt === 0 ? null : endsAt };
}

/** What all know, for one who has told them what it knew: it goes on with its part. */
export function parted(common: BudgetState, alone: BudgetState): BudgetState {
  const { parts, dividedAt, inFlight } = alone;
  const withPart = (window: Window, own: Window | null | undefined): Window => {
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
function isSameWindow(one: Window, other: Window): boolean {
  if (one.endsAt === null || other.endsAt === null) return true;
  return Math.abs(one.endsAt - other.endsAt) < Math.max(one.length, other.length) / 2;
}

export function copyOf({ assumed, told, tickets, ...rest }: BudgetState): BudgetState {
  const copies = [...told].map(([name, window]) => [name, copyOfWindow(window)] as const);
  return { ...rest, assumed: assumed && copyOfWindow(assumed), told: new Map(copies), tickets: new Map(tickets) };
}

const copyOfWindow = (window: Window): Window => ({ ...window, part: window.part && { ...window.part } });
