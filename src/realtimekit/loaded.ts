import type { Livestream, LivestreamSession, Meeting } from '../domain/models.ts';

/** Entities in a response, by kind. Null stands for a row without an id. */
export interface Entities {
  meetings?: readonly (Meeting | null)[];
  livestreams?: readonly (Livestream | null)[];
  sessions?: readonly (LivestreamSession | null)[];
  /** The active session of a livestream; `session` is null if none is active. */
  activeSession?: { livestreamId: string; session: LivestreamSession | null };
}

/** A value from a response. */
export interface Loaded<Value> {
  value: Value;
  /** Those that the response contains besides the value. A kind that is named here replaces the value's own entities of that kind. */
  entities?: Entities;
}
