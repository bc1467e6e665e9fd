import type { SharedStore } from '../cluster/sharedStore.ts';
import type { Budget } from '../budget/localBudget.ts';
import { type TtlSettings, stretchedTtl } from '../data/cache/ttl.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface GaugeOptions {
  /** The budget of the gateway's own account; null: each caller pays from one of its own. */
  budget: (() => Promise<Budget>) | null;
  freshness: TtlSettings;
  subscriptions: () => number;
  /** What all replicas have in common; null: there is but one. */
  store: Pick<SharedStore, 'isUp' | 'replicaCount'> | null;
}

/** Has the metrics tell how things are, beside what has happened. */
export function registerGauges(metrics: Metrics, { budget, freshness, subscriptions, store }: GaugeOptions): void {
  metrics.gauge('subscriptions', 'Subscriptions that are open.', subscriptions);
  if (store !== null) {
    metrics.gauge('redis_up', 'Whether Redis can be reached.', () => Number(store.isUp()));
    metrics.gauge('replicas', 'Among how many the budget is divided while Redis is away.', () => store.replicaCount());
  }
  if (budget === null) return;
  const known = async (): Promise<Pick<Budget, 'snapshot' | 'pressure'>> => {
    const own = await budget();
    await own.refresh();
    return own;
  };
  metrics.gauge(
    'budget_limit',
    'Upstream requests that one window of the tightest limit allows.',
    async () => (await known()).snapshot().limit,
  );
  metrics.gauge(
    'budget_remaining',
    'Upstream requests that are left in the window of the tightest limit.',
    async () => (await known()).snapshot().remaining,
  );
  metrics.gauge(
    'freshness_stretch_seconds',
    'Age up to which answers are served without being read again, because the budget is short.',
    async () => stretchedTtl((await known()).pressure(), freshness) / 1000,
  );
}
