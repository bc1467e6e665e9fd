/** How often what is watched is looked at, in milliseconds. */
export interface LivePace {
  /** While frames, or the address at which they can be watched, are about to appear. */
  arriving: number;
  /** How long that may take before it is looked for no more often than anything else. */
  arrivalTakes: number;
  /** While nothing changes. */
  steady: number;
  /** While nothing changes that webhooks would not tell. */
  told: number;
}

export const DEFAULT_PACE: LivePace = { arriving: 2000, arrivalTakes: 120_000, steady: 10_000, told: 60_000 };
