import { sha256Base64 } from '../lib/sha256.ts';

/**
 * How every key and channel in the store begins. The number is the version of the values and messages: increase it with every
 * change of their format, so that replicas of different versions do not read each other's state.
 */
export const KEY_PREFIX = 'realtimekit-graphql 4 ';

/** The set of replicas that use the store, whichever app they serve: they may share a token. */
export const REPLICAS_KEY = `${KEY_PREFIX}replicas`;

/** Since when the store has had the data of budgets, in milliseconds since the Unix epoch. */
export const BUDGETS_SINCE_KEY = `${KEY_PREFIX}budgets since`;

/** The key of a token's request budget. All apps that use the token share it. */
export const budgetKey = (tokenHash: string): string => `${KEY_PREFIX}budget ${tokenHash}`;

/** The RealtimeKit app that the gateway serves. */
export interface App {
  /** Without a trailing slash. */
  baseUrl: string;
  accountId: string;
  appId: string;
}

/**
 * The prefix of an app's keys and channel in the store. It contains a hash of the app, so that the store does not
 * reveal account or app ids.
 */
export async function appKeyPrefix({ baseUrl, accountId, appId }: App): Promise<string> {
  const hash = await sha256Base64(JSON.stringify([baseUrl, accountId, appId]));
  return `${KEY_PREFIX}${hash.slice(0, 16)} `;
}
