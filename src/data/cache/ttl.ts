import type { LivestreamSession } from '../../domain/models.ts';

/** How old an answer may be before it is read again, all in milliseconds. */
export interface TtlSettings {
  /** Livestreams, meetings and lists. */
  statusMs: number;
  /** Sessions that run, and analytics: upstream brings their meters up to date every 40 to 50 s. */
  metersMs: number;
  /** Sessions that have ended: nothing about them changes. */
  endedMs: number;
  /** "There is none." */
  negativeMs: number;
  /** How much older an answer may be served while it is read again, or when that fails. */
  maxStaleMs: number;
  /** How long a caller waits for the newer answer before an older one is served. */
  revalidateTimeoutMs: number;
}

export const DEFAULT_TTL: TtlSettings = {
  statusMs: 2000,
  metersMs: 15_000,
  endedMs: 3_600_000,
  negativeMs: 2000,
  maxStaleMs: 60_000,
  revalidateTimeoutMs: 300,
};

/** Up to here the budget may shrink faster than its window passes without anything being served older for it. */
const STRETCH_THRESHOLD = 1.1;

/** How long a session may be kept. */
export function sessionTtl(session: LivestreamSession | null, settings: TtlSettings): number {
  if (session === null) return settings.negativeMs;
  return session.stoppedAt === null ? settings.metersMs : settings.endedMs;
}

/**
 * The age below which nothing is read again, in milliseconds, whatever its class. It grows smoothly with the budget's pressure,
 * from nothing up to the bound of stale answers, so that the answers that are read most often are the first to be served older.
 */
export function stretchedTtl(pressure: number, { maxStaleMs }: TtlSettings): number {
  return pressure <= STRETCH_THRESHOLD ? 0 : maxStaleMs * (1 - STRETCH_THRESHOLD / pressure);
}
