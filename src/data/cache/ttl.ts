import type { LivestreamSession } from '../../domain/models.ts';

/** How old a cached value may get before it is read again. */
export interface TtlSettings {
  /** Livestreams, meetings and lists. */
  statusMs: number;
  /** Running sessions, which session is active, and analytics: RealtimeKit updates their meters every 40 to 50 s. */
  metersMs: number;
  /** Ended sessions, which no longer change. */
  endedMs: number;
  /** Negative TTL: how long a "not found" is cached. */
  negativeMs: number;
  /** How long after its TTL a value may still be served while it is read again, or when that fails. */
  maxStaleMs: number;
  /** How long a caller waits for a newer value before the stale one is served. */
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

/** The pressure on the request budget above which TTLs are stretched. At 1, the budget lasts exactly until its window ends. */
const STRETCH_THRESHOLD = 1.1;

/** The TTL of a session, in milliseconds; null stands for a session that does not exist. */
export function sessionTtl(session: LivestreamSession | null, settings: TtlSettings): number {
  if (session === null) return settings.negativeMs;
  return session.stoppedAt === null ? settings.metersMs : settings.endedMs;
}

/**
 * The minimum TTL, in milliseconds, while the request budget is short. It grows smoothly with the pressure on the budget, from 0
 * towards `maxStaleMs`, so that the values that are read most often are the first to be served older.
 */
export function stretchedTtl(pressure: number, { maxStaleMs }: TtlSettings): number {
  return pressure <= STRETCH_THRESHOLD ? 0 : maxStaleMs * (1 - STRETCH_THRESHOLD / pressure);
}
