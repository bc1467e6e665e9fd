import type { Client } from '@urql/core';

import { userErrorMessage } from '../errors';
import { StartLivestream, StopLivestream } from './operations';

/** Starts a livestream. Resolves with what the user is shown if it is rejected. */
export async function startLivestream(client: Client, meetingId: string, name: string): Promise<string[]> {
  const { data, error } = await client.mutation(StartLivestream, { input: { meetingId, name } });
  if (error !== undefined) throw error;
  return data?.startLivestream?.userErrors.map(userErrorMessage) ?? [];
}

/** Stops a meeting's livestream. Resolves with what the user is shown if there is none. */
export async function stopLivestream(client: Client, meetingId: string): Promise<string[]> {
  const { data, error } = await client.mutation(StopLivestream, { input: { meetingId } });
  if (error !== undefined) throw error;
  return data?.stopLivestream?.userErrors.map(userErrorMessage) ?? [];
}
