import type { LivestreamRef } from './models.ts';

/** What to start, its values already checked. */
export interface StartInput {
  meetingId: string;
  name: string | null;
  /** Pixels. */
  video: { width: number; height: number } | null;
}

/** Why a mutation did not do what it was asked: what the caller has to handle. */
export interface MutationError {
  code: 'BAD_USER_INPUT' | 'NOT_FOUND' | 'CONFLICT' | 'OUTCOME_UNKNOWN';
  message: string;
  /** The path of the input field at fault, from the argument's name on. */
  field: string[] | null;
}

export type StartOutcome = { livestream: LivestreamRef } | { userError: MutationError };
export type StopOutcome = { stopped: true } | { userError: MutationError };
