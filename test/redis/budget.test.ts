import { expect, test } from 'vitest';

import { type Fleet, type FleetOptions, startFleet } from './support/fleet.ts';
import { startLoad } from './support/load.ts';

const LIMIT = 60;
const WINDOW = 10;
/** Whoever passes the limit once is refused for the rest of the test, and seen to be. */
const QUOTA = { quota: { limit: LIMIT, windowSeconds: WINDOW, lockSeconds: 60, enforced: true } };

async function startLimited(options: FleetOptions = {}): Promise<Fleet> {
  const fleet = await startFleet({ settings: QUOTA, env: { UPSTREAM_TIMEOUT_MS: '3000' }, ...options });
  // Until an answer tells another limit, the documented one holds.
  await fleet.replicas[0].read('{ meeting(id: "none") { title } }');
  return fleet;
}

/** Resolves when so many seconds have passed since the load began; nothing that was sent meanwhile was too much. */
async function loaded({ sandbox }: Fleet, began: number, seconds: number): Promise<void> {
  const isOver = (): boolean => sandbox.requests().refused > 0 || performance.now() - began >= seconds * 1000;
  await expect.poll(isOver, { interval: 50, timeout: 58_000 }).toBe(true);
  expect(sandbox.requests().refused).toBe(0);
}

/** Upstream requests in the quota's windows, the last one left out, which was cut off. */
function windowsOf({ sandbox }: Fleet): number[] {
  const windows: number[] = [];
  let endsAt = 0;
  for (const { at } of sandbox.requests().requests) {
    const time = Date.parse(at);
    if (time >= endsAt) {
      windows.push(0);
      endsAt = time + WINDOW * 1000;
    }
    windows.push((windows.pop() ?? 0) + 1);
  }
  return windows.slice(0, -1);
}

test('three replicas under load spend one budget, and nearly all of it', async () => {
  const fleet = await startLimited();
  const load = startLoad(fleet.replicas);
  await loaded(fleet, performance.now(), 25);
  const { served, refused } = await load.stop();
  const windows = windowsOf(fleet);
  expect(windows.length).toBeGreaterThanOrEqual(2);
  for (const sent of windows) expect(sent).toBeGreaterThan(0.8 * LIMIT);
  expect(served).toBeGreaterThan(0.8 * LIMIT * windows.length);
  expect(refused).toBeGreaterThan(0);
});

test('they go on with a part each while Redis is killed, silent and back, and never pass the limit', async () => {
  const fleet = await startLimited();
  const { redis, replicas } = fleet;
  const began = performance.now();
  const load = startLoad(replicas);
  await loaded(fleet, began, 6);
  await redis.kill();
  await loaded(fleet, began, 15);
  await redis.start();
  await loaded(fleet, began, 19);
  redis.pause();
  await loaded(fleet, began, 27);
  redis.resume();
  await loaded(fleet, began, 31);
  await redis.kill();
  await loaded(fleet, began, 35);
  await redis.start();
  await loaded(fleet, began, 46);
  await load.stop();
  const windows = windowsOf(fleet);
  expect(windows.length).toBeGreaterThanOrEqual(3);
  // More than one replica's part.
  for (const sent of windows) expect(sent).toBeGreaterThan(LIMIT / 3);
});

test('a replica that is killed under load, and one that comes back, take nothing twice', async () => {
  const fleet = await startLimited();
  const [, , victim] = fleet.replicas;
  const began = performance.now();
  let isDown = false;
  const load = startLoad(fleet.replicas, (replica) => isDown && replica === victim);
  for (const second of [0.3, 11.8]) {
    await loaded(fleet, began, second);
    isDown = true;
    await victim.kill();
    await loaded(fleet, began, second + 3);
    await victim.start();
    isDown = false;
  }
  await loaded(fleet, began, 25);
  await load.stop();
  const windows = windowsOf(fleet);
  expect(windows.length).toBeGreaterThanOrEqual(2);
  for (const sent of windows) expect(sent).toBeGreaterThan(LIMIT / 2);
});

test('a replica that is started while Redis is away learns with its first answers how much is left', async () => {
  const fleet = await startLimited({ settings: { quota: { ...QUOTA.quota, limit: 2 * LIMIT } } });
  const [, , victim] = fleet.replicas;
  const began = performance.now();
  let isDown = false;
  const load = startLoad(fleet.replicas, (replica) => isDown && replica === victim);
  await loaded(fleet, began, 2);
  await fleet.redis.kill();
  isDown = true;
  await victim.kill();
  await loaded(fleet, began, 13);
  await victim.start();
  isDown = false;
  await loaded(fleet, began, 17);
  await fleet.redis.start();
  await loaded(fleet, began, 26);
  await load.stop();
  const windows = windowsOf(fleet);
  // The two that went on have spent their parts, and the third one has got something.
  expect(windows[1]).toBeGreaterThan(LIMIT);
});
