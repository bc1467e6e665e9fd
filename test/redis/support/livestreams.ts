import { expect } from 'vitest';

import { at } from '../../support/gateway.ts';
import type { Replica } from './replica.ts';

const START = `mutation ($id: ID!, $name: String) {
  startLivestream(input: { meetingId: $id, name: $name }) { livestream { id name } userErrors { code } }
}`;
const STOP = 'mutation ($id: ID!) { stopLivestream(input: { meetingId: $id }) { userErrors { code } } }';
const ACTIVE = 'query ($id: ID!) { meeting(id: $id) { activeLivestream { id name } } }';

/** Returns the livestream, or the code of the user error. */
export async function startLivestream(replica: Replica, id: string, name: string | null = null): Promise<unknown> {
  const data = await replica.read(START, { id, name });
  return at(data, 'startLivestream', 'livestream') ?? at(data, 'startLivestream', 'userErrors', 0, 'code');
}

export async function stopLivestream(replica: Replica, id: string): Promise<void> {
  expect(await replica.read(STOP, { id })).toEqual({ stopLivestream: { userErrors: [] } });
}

/** Returns the meeting's active livestream, or null. */
export async function readActive(replica: Replica, id: string): Promise<unknown> {
  return at(await replica.read(ACTIVE, { id }), 'meeting', 'activeLivestream');
}
