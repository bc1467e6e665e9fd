import type { Livestream, LivestreamQuery } from '../domain/models.ts';
import type { Moment } from '../cluster/hybridClock.ts';
import type { Operation } from '../data/operation.ts';
import type { Upstream } from '../data/dataSource.ts';

/** Livestreams that are `LIVE` or `INVOKED`. */
export interface Active {
  livestreams: Livestream[];
  /** Whether these are all. */
  isWhole: boolean;
}

/** What runs in the whole app: the lists as a whole, or where they do not tell how long they are, the newest of each. */
export async function readActive({ lists, reads }: Upstream, operation: Operation, since?: Moment): Promise<Active> {
  const whole = await lists?.active(operation, since);
  if (whole) return { livestreams: whole, isWhole: true };
  const pages = await Promise.all(
    (['INVOKED', 'LIVE'] as const).map(async (status) => {
      const query: LivestreamQuery = { status, excludeMeetings: false, from: null, to: null, order: 'DESC' };
      return reads.livestreams.read(operation, { query, range: { offset: 0, count: 100 } }, since);
    }),
  );
  return { livestreams: pages.flatMap(({ rows }) => rows).filter((row) => row !== null), isWhole: false };
}
