import * as v from 'valibot';

import type { LivestreamRef } from './models.ts';

/** A start that replicas exchange through the shared store. */
export const startInputSchema = v.object({
  meetingId: v.string(),
  /** Null if the caller did not name the livestream. */
  name: v.nullable(v.string()),
  /** Pixels. */
  video: v.nullable(v.object({ width: v.number(), height: v.number() })),
});

/** What to start. The values are validated. */
export type StartInput = v.InferOutput<typeof startInputSchema>;

/** Why a mutation did not do what the caller asked for: what the caller must handle. */
export interface MutationError {
  code: 'BAD_USER_INPUT' | 'NOT_FOUND' | 'CONFLICT' | 'OUTCOME_UNKNOWN';
  message: string;
  /** The path of the invalid input field, beginning with the argument's name; null if no single field is at fault. */
  field: string[] | null;
}

export type StartOutcome = { livestream: LivestreamRef } | { userError: MutationError };
export type StopOutcome = { stopped: true } | { userError: MutationError };
