import * as v from 'valibot';

import type { CallerShares } from '../data/callerAccounts.ts';
import * as env from './env.ts';

const RULE = 'must be names with positive numbers of at most 1000, separated by commas';
const MAX_WEIGHT = 1000;

/** Names and weights, such as `dashboard=3, batch=0.5`. A name may contain `=`. */
const weights = v.pipe(
  env.list,
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const found = new Map<string, number>();
    for (const entry of dataset.value) {
      const [, name, digits] = /^(.*\S)\s*=\s*(\d+(?:\.\d+)?)$/.exec(entry) ?? [];
      const weight = Number(digits);
      const isValid = name !== undefined && weight > 0 && weight <= MAX_WEIGHT && !found.has(name);
      if (!isValid) {
        addIssue({ message: `${RULE}, each name once, not "${entry}".` });
        return NEVER;
      }
      found.set(name, weight);
    }
    return found;
  }),
);

export const callerSettings = {
  isOn: env.boolean('CALLER_SHARES', true),
  weights: env.setting('CALLER_WEIGHTS', "'dashboard=3, batch=0.5'", v.optional(weights, '')),
};

/** Reads how callers share the request budget; null if they do not. */
export function readCallerShares(environment: env.Environment): CallerShares | null {
  const { isOn, weights: byName } = env.readGroup(environment, callerSettings);
  return isOn ? { weights: byName } : null;
}
