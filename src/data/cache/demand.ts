import type { Clock } from '../../lib/clock.ts';
import type { Account } from '../account.ts';
import type { Entry } from './entryStore.ts';

/** Spreads refreshes by demand: what many ask for is read again sooner than what one asked for. */
export type Demand = ReturnType<typeof createDemand>;

type Demanded = Pick<Entry<unknown>, 'hits' | 'size' | 'timestamp'>;

/** The shortest and the longest interval of an entry, in average intervals. */
const [MIN_FACTOR, MAX_FACTOR] = [0.5, 1.5];
/** The weight of one refresh in the average. */
const AVERAGE_WEIGHT = 1 / 32;

export function createDemand(clock: Clock) {
  /**
   * The average demand for the entries that take a request of their own, by the account's budget. It is a geometric mean, so that a few
   * entries with a great demand do not make all others look forgotten.
   */
  const averages = new WeakMap<Account['budget'], number>();

  /** The logarithm of the values served per millisecond since the entry was read, with this look-up. */
  function demandFor({ hits, size, timestamp }: Demanded): number {
    return Math.log(((hits + 1) * Math.max(1, size)) / Math.max(1, clock.now() - timestamp.wallTime));
  }

  return {
    /**
     * By how much the refresh interval of this entry should be longer than the average one. Under a fixed refresh rate, the age of
     * what is served, summed over all values, is lowest if each interval is proportional to 1/√demand: the square-root rule. It is what
     * minimizing Σ demand × interval subject to Σ 1/interval = constant gives (Ammar and Wong, "The design of teletext broadcast
     * cycles", 1985, for how often to broadcast a page).
     */
    intervalFactor({ budget }: Account, entry: Demanded): number {
      const demand = demandFor(entry);
      const factor = Math.exp(((averages.get(budget) ?? demand) - demand) / 2);
      return Math.min(MAX_FACTOR, Math.max(MIN_FACTOR, factor));
    },
    /** Counts the demand for an entry that is about to be refreshed with a request of its own. */
    recordRefresh({ budget }: Account, entry: Demanded): void {
      const demand = demandFor(entry);
      const average = averages.get(budget) ?? demand;
      averages.set(budget, average + (demand - average) * AVERAGE_WEIGHT);
    },
  };
}
