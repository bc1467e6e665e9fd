import type { Livestream, LivestreamSession, Meeting } from '../domain/models.ts';

/** The entities in a response, by kind. Null stands for a row without an id. */
export interface Entities {
  meetings?: readonly (Meeting | null)[];
  livestreams?: readonly (Livestream | null)[];
  sessions?: readonly (LivestreamSession | null)[];
  /** The active session of a livestream; `session` is null if none is active. */
  activeSession?: { livestreamId: string; session: LivestreamSession | null };
}

/** A value from a response, and every entity that the response contains. */
export interface Loaded<Value> {
  value: Value;
  entities: Entities;
}
