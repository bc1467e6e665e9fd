import { expect } from 'vitest';

import { at } from '../../support/gateway.ts';
import type { Replica } from './replica.ts';

const START = `mutation ($id: ID!, $name: String) {
  startLivestream(input: { meetingId: $id, name: $name }) { livestream { id name } userErrors { code } }
}`;
const STOP = 'mutation ($id: ID!) { stopLivestream(input: { meetingId: $id }) { userErrors { code } } }';
const ACTIVE = 'query ($id: ID!) { meeting(id: $id) { activeLivestream { id name } } }';

/** The livestream, or why there is none. */
export async function start(replica: Replica, id: string, name: string | null = null): Promise<unknown> {
  const data = await replica.read(START, { id, name });
  return at(data, 'startLivestream', 'livestream') ?? at(data, 'startLivestream', 'userErrors', 0, 'code');
}

export async function stop(replica: Replica, id: string): Promise<void> {
  expect(await replica.read(STOP, { id })).toEqual({ stopLivestream: { userErrors: [] } });
}

/** The meeting's active livestream; null: it has none. */
export async function activeOf(replica: Replica, id: string): Promise<unknown> {
  return at(await replica.read(ACTIVE, { id }), 'meeting', 'activeLivestream');
}

/** Polls, and gives how many milliseconds it took until `look` gave what is equal to `wanted`. */
export async function timeUntil(look: () => unknown, wanted: unknown, timeout = 10_000): Promise<number> {
  const began = performance.now();
  await expect.poll(look, { interval: 5, timeout }).toEqual(wanted);
  return performance.now() - began;
}

/** Polls until so many milliseconds have passed, and looks all the while. */
export async function forAWhile(milliseconds: number, look: () => Promise<void> | void = () => {}): Promise<void> {
  const began = performance.now();
  const isOver = async (): Promise<boolean> => {
    await look();
    return performance.now() - began >= milliseconds;
  };
  await expect.poll(isOver, { interval: 20, timeout: milliseconds + 5000 }).toBe(true);
}
