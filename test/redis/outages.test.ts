import { describe, expect, test } from 'vitest';

import { type Fleet, startFleet } from './support/fleet.ts';
import { activeOf, forAWhile, start, stop, timeUntil } from './support/operations.ts';
import { type Proxy, startProxy } from './support/proxy.ts';

/** How long, in milliseconds, an answer may take whatever Redis does. */
const USUAL = 1500;
/** How soon, in milliseconds, what one replica does is known to the others. */
const AT_ONCE = 200;

/** Three replicas that reach Redis through a proxy, and so that nothing is read again because of its age. */
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
  if (proxy === undefined) throw new Error('There is no proxy');
  return { fleet, proxy };
}

/** Every replica is ready, and answers in the usual time. */
async function serves({ replicas }: Fleet): Promise<void> {
  for (const replica of replicas) {
    const began = performance.now();
    await replica.read('query ($id: ID!) { meeting(id: $id) { title } }', { id: crypto.randomUUID() });
    expect(performance.now() - began).toBeLessThan(USUAL);
    expect((await fetch(replica.url('/ready'))).status).toBe(200);
  }
}

/** How long it takes, in milliseconds, until the others know what one replica does. */
async function timeToShare({ replicas, sandbox }: Fleet): Promise<number> {
  const [first, ...others] = replicas;
  const id = sandbox.samples.emptyMeetingId;
  const look = async (): Promise<unknown[]> => Promise.all(others.map(async (replica) => activeOf(replica, id)));
  await timeUntil(look, [null, null]);
  const livestream = await start(first, id, 'First light');
  const started = await timeUntil(look, [livestream, livestream]);
  await stop(first, id);
  return Math.max(started, await timeUntil(look, [null, null]));
}

describe('replicas serve on, and share again without being started again, when Redis', () => {
  test('is killed and comes back', async () => {
    const { fleet } = await startProxied();
    expect(await timeToShare(fleet)).toBeLessThan(AT_ONCE);
    await fleet.redis.kill();
    await serves(fleet);
    await fleet.untilRedisIs('away');
    await serves(fleet);
    await fleet.redis.start();
    await fleet.untilRedisIs('there');
    expect(await timeToShare(fleet)).toBeLessThan(AT_ONCE);
  });

  test('is slow for a while', async () => {
    const { fleet, proxy } = await startProxied();
    proxy.delay(2000);
    await serves(fleet);
    await fleet.untilRedisIs('away');
    await forAWhile(3000, async () => serves(fleet));
    proxy.delay(0);
    await fleet.untilRedisIs('there');
    expect(await timeToShare(fleet)).toBeLessThan(AT_ONCE);
  });

  test('is at the other end of connections that lead nowhere', async () => {
    const { fleet, proxy } = await startProxied();
    proxy.cutHalfOpen();
    await serves(fleet);
    await fleet.untilRedisIs('away');
    await fleet.untilRedisIs('there');
    expect(await timeToShare(fleet)).toBeLessThan(AT_ONCE);
  });

  test('was never there', async () => {
    const fleet = await startFleet({ hasRedis: false, env: { FRESH_STATUS_MS: '60000', FRESH_NOTHING_MS: '60000' } });
    await serves(fleet);
    await fleet.redis.start();
    await fleet.untilRedisIs('there');
    expect(await timeToShare(fleet)).toBeLessThan(AT_ONCE);
  });
});

test('what was started while Redis was away all know as soon as it is back', async () => {
  const { fleet } = await startProxied();
  const [first, ...others] = fleet.replicas;
  const id = fleet.sandbox.samples.emptyMeetingId;
  const look = async (): Promise<unknown[]> => Promise.all(others.map(async (replica) => activeOf(replica, id)));
  await look();
  await fleet.redis.kill();
  await fleet.untilRedisIs('away');
  const livestream = await start(first, id, 'First light');
  expect(await look()).toEqual([null, null]);
  await fleet.redis.start();
  await fleet.untilRedisIs('there');
  expect(await timeUntil(look, [livestream, livestream])).toBeLessThan(AT_ONCE);
});

test.each(['there', 'stopped', 'killed'])('told to end while Redis is %s, a replica ends in order', async (state) => {
  const { redis, replicas } = await startFleet();
  const [replica] = replicas;
  if (state === 'stopped') redis.pause();
  if (state === 'killed') await redis.kill();
  const began = performance.now();
  expect(await replica.end()).toBe(0);
  expect(performance.now() - began).toBeLessThan(3000);
  expect(replica.printed()).not.toMatch(/"level":"error"|Unhandled/);
  // Its own end is no news.
  expect(state === 'there' && replica.printed().includes('Redis is away')).toBe(false);
});
