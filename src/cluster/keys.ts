import { sha256Base64 } from '../lib/sha256.ts';

/** The RealtimeKit app that is served. */
export interface App {
  /** Without a trailing slash. */
  baseUrl: string;
  accountId: string;
  appId: string;
}

/**
 * The prefix of every key and channel of an app in the shared store. It is derived from a hash, so that the store does not
 * reveal account or app ids.
 */
export async function appKeyPrefix({ baseUrl, accountId, appId }: App): Promise<string> {
  const hash = await sha256Base64(JSON.stringify([baseUrl, accountId, appId]));
  return `realtimekit-graphql 1 ${hash.slice(0, 16)} `;
}
