import * as v from 'valibot';

import { unpartition } from './partition.ts';
import { type BudgetState, createBudgetState } from './window.ts';

const windowSchema = v.object({
  limit: v.pipe(v.number(), v.minValue(1)),
  lengthMs: v.number(),
  remaining: v.number(),
  endsAt: v.nullable(v.number()),
  reportedAt: v.number(),
  partition: v.null(),
});
const reservationSchema = v.object({ countedFrom: v.number(), expiresAt: v.number() });

const budgetSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    defaultWindow: v.nullable(windowSchema),
    reported: v.array(v.tuple([v.string(), windowSchema])),
    reservations: v.array(v.tuple([v.string(), reservationSchema])),
    lockedOutUntil: v.number(),
    generation: v.string(),
  }),
);

/** The JSON that replicas share. It leaves out this replica's partition. */
export function serializeBudget(state: BudgetState): string {
  const { defaultWindow, reported, reservations, lockedOutUntil, generation } = unpartition(state);
  const shared = {
    defaultWindow,
    reported: [...reported],
    reservations: [...reservations],
    lockedOutUntil,
    generation,
  };
  return JSON.stringify(shared);
}

/** Null if `text` is not a budget, or comes from another version of the gateway. */
export function parseBudget(text: string): BudgetState | null {
  const { success, output } = v.safeParse(budgetSchema, text);
  if (!success || (output.defaultWindow === null && output.reported.length === 0)) return null;
  const { reported, reservations } = output;
  return { ...createBudgetState(), ...output, reported: new Map(reported), reservations: new Map(reservations) };
}
