/** How often what is watched is looked at, in milliseconds. */
export interface PollIntervals {
  /** While frames, or the address at which they can be watched, are about to appear. */
  startingMs: number;
  /** How long that may take before it is looked for no more often than anything else. */
  startingTimeoutMs: number;
  /** While nothing changes. */
  steadyMs: number;
  /** While nothing changes that webhooks would not tell. */
  withWebhooksMs: number;
}

export const DEFAULT_POLL_INTERVALS: PollIntervals = {
  startingMs: 2000,
  startingTimeoutMs: 120_000,
  steadyMs: 10_000,
  withWebhooksMs: 60_000,
};
