import { describe, expect, test } from 'vitest';

import { type Fleet, startFleet } from './support/fleet.ts';
import { readActive, startLivestream, stopLivestream } from './support/livestreams.ts';
import { repeatFor, timeUntil } from './support/polling.ts';
import { type Proxy, startProxy } from './support/proxy.ts';
import { loggedRedisStates } from './support/redisLog.ts';

/** How long a query may take whatever Redis does. */
const MAX_QUERY_MS = 1500;
/** How soon the other replicas must know what one replica did. */
const SHARED_WITHIN_MS = 200;

/** Starts three replicas that reach Redis through a proxy. Their cache does not expire during the test. */
async function startProxied(): Promise<{ fleet: Fleet; proxy: Proxy }> {
  const proxies: Proxy[] = [];
  const fleet = await startFleet({
    settings: { goLiveAfterMs: 600_000 },
    env: { FRESH_STATUS_MS: '60000', FRESH_NOTHING_MS: '60000' },
    async redisUrl({ port }) {
      const proxy = await startProxy(port);
      proxies.push(proxy);
      return `redis://127.0.0.1:${proxy.port}`;
    },
  });
  const [proxy] = proxies;
  if (proxy === undefined) throw new Error('The fleet did not ask for a Redis URL.');
  return { fleet, proxy };
}

/** Expects every replica to be ready and to answer a query in time. */
async function expectServing({ replicas }: Fleet): Promise<void> {
  for (const replica of replicas) {
    const startedAt = performance.now();
    await replica.read('query ($id: ID!) { meeting(id: $id) { title } }', { id: crypto.randomUUID() });
    expect(performance.now() - startedAt).toBeLessThan(MAX_QUERY_MS);
    expect((await fetch(replica.url('/ready'))).status).toBe(200);
  }
}

/** Returns how many milliseconds it takes until the other replicas know what one replica did. */
async function timeToShare({ replicas, sandbox }: Fleet): Promise<number> {
  const [first, ...others] = replicas;
  const id = sandbox.exampleIds.emptyMeetingId;
  const readOthers = async (): Promise<unknown[]> =>
    Promise.all(others.map(async (replica) => readActive(replica, id)));
  await timeUntil(readOthers, [null, null]);
  const livestream = await startLivestream(first, id, 'First light');
  const started = await timeUntil(readOthers, [livestream, livestream]);
  await stopLivestream(first, id);
  return Math.max(started, await timeUntil(readOthers, [null, null]));
}

describe('replicas keep serving, and share their state again without a restart, if Redis', () => {
  test('is killed and restarted', async () => {
    const { fleet } = await startProxied();
    expect(await timeToShare(fleet)).toBeLessThan(SHARED_WITHIN_MS);
    await fleet.redis.kill();
    await expectServing(fleet);
    await fleet.untilRedisIs('unavailable');
    await expectServing(fleet);
    await fleet.redis.start();
    await fleet.untilRedisIs('connected');
    expect(await timeToShare(fleet)).toBeLessThan(SHARED_WITHIN_MS);
  });

  test('is slow for some seconds', async () => {
    const { fleet, proxy } = await startProxied();
    proxy.setDelay(2000);
    await expectServing(fleet);
    await fleet.untilRedisIs('unavailable');
    // Each query takes a request of the replica's part of the budget.
    for (let round = 0; round < 10; round += 1) {
      await expectServing(fleet);
      await repeatFor(300);
    }
    proxy.setDelay(0);
    await fleet.untilRedisIs('connected');
    expect(await timeToShare(fleet)).toBeLessThan(SHARED_WITHIN_MS);
  });

  test('is behind half-open connections', async () => {
    const { fleet, proxy } = await startProxied();
    proxy.cutHalfOpen();
    await expectServing(fleet);
    await fleet.untilRedisIs('unavailable');
    await fleet.untilRedisIs('connected');
    expect(await timeToShare(fleet)).toBeLessThan(SHARED_WITHIN_MS);
  });

  test('starts only after them', async () => {
    const fleet = await startFleet({ hasRedis: false, env: { FRESH_STATUS_MS: '60000', FRESH_NOTHING_MS: '60000' } });
    await expectServing(fleet);
    await fleet.redis.start();
    await fleet.untilRedisIs('connected');
    expect(await timeToShare(fleet)).toBeLessThan(SHARED_WITHIN_MS);
  });
});

test('a start during an outage of Redis is known to all replicas as soon as Redis is back', async () => {
  const { fleet } = await startProxied();
  const [first, ...others] = fleet.replicas;
  const id = fleet.sandbox.exampleIds.emptyMeetingId;
  const readOthers = async (): Promise<unknown[]> =>
    Promise.all(others.map(async (replica) => readActive(replica, id)));
  await readOthers();
  await fleet.redis.kill();
  await fleet.untilRedisIs('unavailable');
  const livestream = await startLivestream(first, id, 'First light');
  expect(await readOthers()).toEqual([null, null]);
  await fleet.redis.start();
  await fleet.untilRedisIs('connected');
  expect(await timeUntil(readOthers, [livestream, livestream])).toBeLessThan(SHARED_WITHIN_MS);
});

test.each(['running', 'suspended', 'killed'])('a replica shuts down cleanly while Redis is %s', async (state) => {
  const { redis, replicas } = await startFleet();
  const [replica] = replicas;
  if (state === 'suspended') redis.pause();
  if (state === 'killed') await redis.kill();
  const startedAt = performance.now();
  expect(await replica.shutDown()).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(3000);
  expect(replica.output()).not.toMatch(/"level":"error"|Unhandled/);
  // Closing its own connections is not an outage.
  expect(state === 'running' && loggedRedisStates(replica.output()).includes('unavailable')).toBe(false);
});
