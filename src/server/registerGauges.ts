import type { Budget } from '../budget/localBudget.ts';
import type { SharedStore } from '../cluster/sharedStore.ts';
import { type TtlSettings, stretchedTtl } from '../data/cache/ttl.ts';
import type { Metrics } from '../telemetry/metrics.ts';

export interface GaugeOptions {
  /** Returns the request budget of the gateway's own account; null if each caller uses its own account. */
  budget: (() => Promise<Budget>) | null;
  ttl: TtlSettings;
  /** Returns the number of open subscriptions. */
  subscriptionCount: () => number;
  /** The store that all replicas share; null for a single replica. */
  store: Pick<SharedStore, 'isUp' | 'replicaCount'> | null;
}

/** Registers the gauges, which report the present state at each scrape. */
export function registerGauges(metrics: Metrics, { budget, ttl, subscriptionCount, store }: GaugeOptions): void {
  metrics.gauge('subscriptions', 'Open subscriptions.', subscriptionCount);
  if (store !== null) {
    metrics.gauge('redis_up', 'Whether Redis is reachable: 1 or 0.', () => Number(store.isUp()));
    metrics.gauge('replicas', 'Replicas that divide the request budget while Redis is unreachable.', () =>
      store.replicaCount(),
    );
  }
  if (budget === null) return;
  const refreshedBudget = async (): Promise<Pick<Budget, 'snapshot' | 'pressure'>> => {
    const current = await budget();
    await current.refresh();
    return current;
  };
  metrics.gauge(
    'budget_limit_requests',
    'Upstream requests that the tightest rate-limit window allows.',
    async () => (await refreshedBudget()).snapshot().limit,
  );
  metrics.gauge(
    'budget_remaining_requests',
    'Upstream requests left in the tightest rate-limit window.',
    async () => (await refreshedBudget()).snapshot().remaining,
  );
  metrics.gauge(
    'stretched_ttl_seconds',
    'Minimum time to live of cached values while the request budget is short; 0 if the budget suffices.',
    async () => stretchedTtl((await refreshedBudget()).pressure(), ttl) / 1000,
  );
}

/** Registers the number of open WebSockets, which are not the gateway's own. */
export function registerSocketGauge(metrics: Metrics | undefined, size: () => number): void {
  metrics?.gauge('websockets', 'Open WebSocket connections.', size);
}
