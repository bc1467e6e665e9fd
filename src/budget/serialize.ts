import * as v from 'valibot';

import { unpartition } from './partition.ts';
import { type BudgetState, newBudgetState } from './window.ts';

const window = v.object({
  limit: v.pipe(v.number(), v.minValue(1)),
  length: v.number(),
  remaining: v.number(),
  endsAt: v.nullable(v.number()),
  toldAt: v.number(),
  part: v.null(),
});
const ticket = v.object({ from: v.number(), until: v.number() });

const state = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    assumed: v.nullable(window),
    told: v.array(v.tuple([v.string(), window])),
    tickets: v.array(v.tuple([v.string(), ticket])),
    blockedUntil: v.number(),
    origin: v.string(),
  }),
);

/** What is known of an account's limits, as replicas tell it to each other. */
export function budgetToText(state: BudgetState): string {
  const { assumed, told, tickets, blockedUntil, origin } = unpartition(state);
  return JSON.stringify({ assumed, told: [...told], tickets: [...tickets], blockedUntil, origin });
}

/** Null: it is none, or of another version of the gateway. */
export function budgetFromText(text: string): BudgetState | null {
  const { success, output } = v.safeParse(state, text);
  if (!success || (output.assumed === null && output.told.length === 0)) return null;
  return { ...newBudgetState(), ...output, told: new Map(output.told), tickets: new Map(output.tickets) };
}
