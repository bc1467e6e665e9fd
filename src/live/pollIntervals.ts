/** How often subscribed livestreams are polled. */
export interface PollIntervals {
  /** While a livestream is starting: its first frames or its playback URL are about to appear. */
  startingMs: number;
  /** How long a livestream may be starting before it is polled at the steady interval again. */
  startingTimeoutMs: number;
  /** While nothing changes. */
  steadyMs: number;
  /** While nothing changes and webhooks arrive: polling only finds what webhooks do not report, such as a new name. */
  withWebhooksMs: number;
}

export const DEFAULT_POLL_INTERVALS: PollIntervals = {
  startingMs: 2000,
  startingTimeoutMs: 120_000,
  steadyMs: 10_000,
  withWebhooksMs: 60_000,
};
