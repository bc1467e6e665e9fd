import type { Clock } from '../../lib/clock.ts';
import type { Account } from '../account.ts';
import type { Entry } from './entryStore.ts';

/** Spreads refreshes by demand: what many ask for is read again sooner than what one asked for. */
export type Demand = ReturnType<typeof createDemand>;

type Demanded = Pick<Entry<unknown>, 'hits' | 'timestamp'>;

/** The shortest and the longest interval of an entry, in average intervals. */
const [MIN_FACTOR, MAX_FACTOR] = [0.5, 1.5];
/** The weight of one refresh in the average. */
const AVERAGE_WEIGHT = 1 / 32;

export function createDemand(clock: Clock) {
  /** The average demand for the entries that take a request of their own, in look-ups per millisecond, by the account's budget. */
  const averages = new WeakMap<Account['budget'], number>();

  /** Look-ups per millisecond since the value was read, this one included. */
  function rateOf({ hits, timestamp }: Demanded): number {
    return (hits + 1) / Math.max(1, clock.now() - timestamp.wallTime);
  }

  return {
    /**
     * By how much the refresh interval of this entry should be longer than the average one. Under a fixed refresh rate, the age of
     * what is served, summed over all look-ups, is lowest if each interval is proportional to 1/√demand: the square-root rule. It is
     * what minimizing Σ demand × interval subject to Σ 1/interval = constant gives (Cho and Garcia-Molina, "Effective page refresh
     * policies for web crawlers", 2003; the same rule assigns frequencies in broadcast disks: Ammar and Wong, 1985).
     */
    intervalFactor({ budget }: Account, entry: Demanded): number {
      const rate = rateOf(entry);
      const factor = Math.sqrt((averages.get(budget) ?? rate) / rate);
      return Math.min(MAX_FACTOR, Math.max(MIN_FACTOR, factor));
    },
    /** Counts the demand for an entry that is about to be refreshed with a request of its own. */
    recordRefresh({ budget }: Account, entry: Demanded): void {
      const rate = rateOf(entry);
      const average = averages.get(budget) ?? rate;
      averages.set(budget, average + (rate - average) * AVERAGE_WEIGHT);
    },
  };
}
