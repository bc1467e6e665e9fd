import type { Budget } from '../upstream/budget.ts';
import { type FreshnessSettings, leastAge } from '../upstream/freshness.ts';
import type { Metrics } from './metrics.ts';

export interface GaugeOptions {
  /** The budget of the gateway's own account; null: each caller pays from one of its own. */
  budget: (() => Promise<Pick<Budget, 'view' | 'pressure'>>) | null;
  freshness: FreshnessSettings;
  subscriptions: () => number;
}

/** Has the metrics tell how things are, beside what has happened. */
export function addGauges(metrics: Metrics, { budget, freshness, subscriptions }: GaugeOptions): void {
  metrics.gauge('subscriptions', 'Subscriptions that are open.', subscriptions);
  if (budget === null) return;
  metrics.gauge(
    'budget_limit',
    'Upstream requests that one window of the tightest limit allows.',
    async () => (await budget()).view().limit,
  );
  metrics.gauge(
    'budget_remaining',
    'Upstream requests that are left in the window of the tightest limit.',
    async () => (await budget()).view().remaining,
  );
  metrics.gauge(
    'freshness_stretch_seconds',
    'Age up to which answers are served without being read again, because the budget is short.',
    async () => leastAge((await budget()).pressure(), freshness) / 1000,
  );
}
