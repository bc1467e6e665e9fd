import { Redis } from 'ioredis';
import { expect, test } from 'vitest';

import { BUDGETS_SINCE_KEY } from '../../src/cluster/keys.ts';
import { type Fleet, type FleetOptions, startFleet } from './support/fleet.ts';
import { startLoad } from './support/load.ts';

const LIMIT = 240;
const WINDOW_SECONDS = 10;
/** A replica that exceeds the limit is locked out for the rest of the test, so that the test sees it. */
const QUOTA = { quota: { limit: LIMIT, windowSeconds: WINDOW_SECONDS, lockoutSeconds: 60, enforced: true } };

/** Starts replicas with a Redis that has been in use for long, so that they need not expect leases of others in the first minute. */
async function startLimited(options: FleetOptions = {}): Promise<Fleet> {
  async function redisUrl({ url }: { url: string }): Promise<string> {
    const redis = new Redis(url);
    await redis.set(BUDGETS_SINCE_KEY, '1');
    redis.disconnect();
    return url;
  }
  const fleet = await startFleet({ settings: QUOTA, env: { UPSTREAM_TIMEOUT_MS: '3000' }, redisUrl, ...options });
  // The documented limit applies until a response reports this one.
  await fleet.replicas[0].read('{ meeting(id: "none") { title } }');
  return fleet;
}

/** Waits until `seconds` after `startedAt`. Fails if a replica exceeds the limit in the meantime. */
async function expectNoLockout({ sandbox }: Fleet, startedAt: number, seconds: number): Promise<void> {
  const isOver = (): boolean => sandbox.requests().rejected > 0 || performance.now() - startedAt >= seconds * 1000;
  await expect.poll(isOver, { interval: 50, timeout: 58_000 }).toBe(true);
  expect(sandbox.requests().rejected).toBe(0);
}

/** The number of upstream requests in each window of the quota, except the last window, which is not complete. */
function requestsPerWindow({ sandbox }: Fleet): number[] {
  const windows: number[] = [];
  let endsAt = 0;
  for (const { receivedAt } of sandbox.requests().requests) {
    const time = Date.parse(receivedAt);
    if (time >= endsAt) {
      windows.push(0);
      endsAt = time + WINDOW_SECONDS * 1000;
    }
    windows.push((windows.pop() ?? 0) + 1);
  }
  return windows.slice(0, -1);
}

test('three replicas under load spend one budget, and more than 70 % of it', async () => {
  const fleet = await startLimited();
  const load = startLoad(fleet.replicas);
  await expectNoLockout(fleet, performance.now(), 25);
  const { served, rejected } = await load.stop();
  const windows = requestsPerWindow(fleet);
  expect(windows.length).toBeGreaterThanOrEqual(2);
  for (const sent of windows) expect(sent).toBeGreaterThan(0.7 * LIMIT);
  expect(served).toBeGreaterThan(0.7 * LIMIT * windows.length);
  expect(rejected).toBeGreaterThan(0);
});

test('three replicas never exceed the limit while Redis is killed, suspended and restarted', async () => {
  const fleet = await startLimited();
  const { redis, replicas } = fleet;
  const startedAt = performance.now();
  const load = startLoad(replicas);
  await expectNoLockout(fleet, startedAt, 6);
  await redis.kill();
  await expectNoLockout(fleet, startedAt, 15);
  await redis.start();
  await expectNoLockout(fleet, startedAt, 19);
  redis.pause();
  await expectNoLockout(fleet, startedAt, 27);
  redis.resume();
  await expectNoLockout(fleet, startedAt, 31);
  await redis.kill();
  await expectNoLockout(fleet, startedAt, 35);
  await redis.start();
  await expectNoLockout(fleet, startedAt, 46);
  const { served } = await load.stop();
  // What could be leased before Redis was killed, and a share of each replica.
  expect(served).toBeGreaterThan(0.7 * LIMIT + 3 * 5);
});

test('a replica that is killed and restarted under load does not make the others exceed the limit', async () => {
  const fleet = await startLimited();
  const [, , victim] = fleet.replicas;
  const startedAt = performance.now();
  let isDown = false;
  const load = startLoad(fleet.replicas, (replica) => isDown && replica === victim);
  for (const second of [0.3, 11.8]) {
    await expectNoLockout(fleet, startedAt, second);
    isDown = true;
    await victim.kill();
    await expectNoLockout(fleet, startedAt, second + 3);
    await victim.start();
    isDown = false;
  }
  await expectNoLockout(fleet, startedAt, 25);
  await load.stop();
  const windows = requestsPerWindow(fleet);
  expect(windows.length).toBeGreaterThanOrEqual(2);
  for (const sent of windows) expect(sent).toBeGreaterThan(LIMIT / 2);
});

test('a replica that starts while Redis is unavailable spends its share', async () => {
  const fleet = await startLimited({ settings: { quota: { ...QUOTA.quota, limit: 2 * LIMIT } } });
  const [, , victim] = fleet.replicas;
  await fleet.redis.kill();
  await victim.kill();
  fleet.forgetRequests();
  await victim.start();
  const load = startLoad([victim]);
  await expectNoLockout(fleet, performance.now(), 5);
  await load.stop();
  // An eighteenth of what is left.
  expect(fleet.upstreamRequests().length).toBeGreaterThan(18);
  expect(fleet.upstreamRequests().length).toBeLessThanOrEqual(25);
});
