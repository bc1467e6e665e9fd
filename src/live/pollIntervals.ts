/** How often what is watched is looked at, in milliseconds. */
export interface PollIntervals {
  /** While frames, or the address at which they can be watched, are about to appear. */
  starting: number;
  /** How long that may take before it is looked for no more often than anything else. */
  startingTimeout: number;
  /** While nothing changes. */
  steady: number;
  /** While nothing changes that webhooks would not tell. */
  withWebhooks: number;
}

export const DEFAULT_POLL_INTERVALS: PollIntervals = {
  starting: 2000,
  startingTimeout: 120_000,
  steady: 10_000,
  withWebhooks: 60_000,
};
