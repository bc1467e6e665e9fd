import { type FreshnessSettings, leastAge } from '../upstream/freshness.ts';
import type { Upstream } from '../upstream/upstream.ts';
import type { Metrics } from './metrics.ts';

export interface GaugeOptions {
  upstream: Pick<Upstream, 'account'>;
  /** The gateway's own; null: each caller pays with one of its own, and there is no budget to tell of. */
  token: string | null;
  freshness: FreshnessSettings;
  subscriptions: () => number;
}

/** Has the metrics tell how things are, beside what has happened. */
export function addGauges(metrics: Metrics, { upstream, token, freshness, subscriptions }: GaugeOptions): void {
  metrics.gauge('subscriptions', 'Subscriptions that are open.', subscriptions);
  if (token === null) return;
  const budget = async () => (await upstream.account(token)).budget;
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
