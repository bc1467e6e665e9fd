import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { StoreUnavailableError } from '../../src/cluster/sharedStore.ts';
import { createRedisStore, type RedisStore } from '../../src/cluster/redis.ts';
import { afterTest } from './support/cleanUp.ts';
import { portOf } from './support/ports.ts';
import { startProxy } from './support/proxy.ts';
import { type RedisServer, startRedis } from './support/redisServer.ts';

const PASSWORD = 'pass-7d.word';
const PREFIX = 'app ';
const LONG = 60_000;
const SOON = { interval: 10, timeout: 10_000 };

let logs: string[] = [];
let rejections: unknown[] = [];
const noteRejection = (reason: unknown): void => void rejections.push(reason);

beforeEach(() => {
  logs = [];
  rejections = [];
  process.on('unhandledRejection', noteRejection);
});

/** No test may end with these. */
function checkTraces(): void {
  process.off('unhandledRejection', noteRejection);
  expect(rejections).toEqual([]);
  expect(logs.join('\n')).not.toContain(PASSWORD);
}

afterEach(checkTraces);

/** What was logged about Redis. */
const said = (): unknown[] => logs.map((line) => /Redis is (there|away)/.exec(line)?.[1]);

function openStore(url: string, minReplicas = 1): RedisStore {
  const store = createRedisStore({
    url,
    prefix: PREFIX,
    minReplicas,
    log: (level, message, fields) => void logs.push(JSON.stringify({ level, message, ...fields })),
  });
  afterTest(async () => store.close());
  return store;
}

async function startStore(): Promise<{ redis: RedisServer; store: RedisStore }> {
  const redis = await startRedis({ password: PASSWORD });
  const store = openStore(redis.url);
  await store.opened();
  expect(store.isUp()).toBe(true);
  return { redis, store };
}

/** Looks again and again, and tells how many milliseconds it took. */
async function until(isTrue: () => boolean, timeout: number): Promise<number> {
  const began = performance.now();
  await expect.poll(isTrue, { ...SOON, timeout }).toBe(true);
  return performance.now() - began;
}

describe('what is kept', () => {
  test('it is there for as long as was said, whatever it is', async () => {
    const { store } = await startStore();
    expect(await store.get('none')).toBe(null);
    for (const value of ['one', '', '=', 'ü 🎥\n"']) {
      await store.set('key', value, LONG);
      expect(await store.get('key')).toBe(value);
    }
    await store.set('short', 'one', 60);
    expect(await store.get('short')).toBe('one');
    await expect.poll(async () => store.get('short'), SOON).toBe(null);
  });

  test.each([0, -5, 0.4])('to keep it for %d ms is to keep it hardly at all', async (milliseconds) => {
    const { store } = await startStore();
    await store.set('key', 'one', milliseconds);
    await expect.poll(async () => store.get('key'), SOON).toBe(null);
  });

  test('it is swapped for what was expected, and for nothing else', async () => {
    const { store } = await startStore();
    const swap = async (before: string | null, after: string | null): Promise<unknown> =>
      Object.values(await store.compareAndSwap('key', before, after, LONG));
    expect(await swap('one', 'two')).toEqual([false, null]);
    expect(await swap('', 'two')).toEqual([false, null]);
    expect(await swap(null, null)).toEqual([true, null]);
    expect(await swap(null, '')).toEqual([true, '']);
    expect(await swap(null, 'one')).toEqual([false, '']);
    expect(await swap('', 'one')).toEqual([true, 'one']);
    expect(await swap('=one', 'two')).toEqual([false, 'one']);
    expect(await swap('one', 'ü 🎥')).toEqual([true, 'ü 🎥']);
    expect(await swap('ü 🎥', null)).toEqual([true, null]);
    expect(await store.get('key')).toBe(null);
  });

  test('what was swapped ends in its time too', async () => {
    const { store } = await startStore();
    await store.compareAndSwap('key', null, 'one', 60);
    expect(await store.get('key')).toBe('one');
    await expect.poll(async () => store.get('key'), SOON).toBe(null);
  });

  test('of many who swap the same at the same moment exactly one does', async () => {
    const { redis, store } = await startStore();
    const other = openStore(redis.url);
    await other.opened();
    for (let round = 0; round < 20; round += 1) {
      const before = round === 0 ? null : await store.get('key');
      const swaps = Array.from({ length: 20 }, async (_, index) =>
        (index % 2 === 0 ? store : other).compareAndSwap('key', before, `${round} ${index}`, LONG),
      );
      const outcomes = await Promise.all(swaps);
      const winner = outcomes.findIndex(({ isSwapped }) => isSwapped);
      expect(outcomes.filter(({ isSwapped }) => isSwapped)).toHaveLength(1);
      expect(new Set(outcomes.map(({ current }) => current))).toEqual(new Set([`${round} ${winner}`]));
    }
  });
});

describe('what is told', () => {
  test('it comes to everybody, in order, and after what was set before it', async () => {
    const { redis, store } = await startStore();
    const other = openStore(redis.url);
    await other.opened();
    const heard: string[][] = [[], []];
    const seen: Promise<string | null>[] = [];
    store.subscribe((message) => heard[0]?.push(message));
    other.subscribe((message) => {
      heard[1]?.push(message);
      seen.push(other.get('key'));
    });
    const words = Array.from({ length: 50 }, (_, index) => String(index));
    for (const word of words) {
      void store.set('key', word, LONG);
      void store.publish(word);
    }
    await expect.poll(() => heard.map(({ length }) => length), SOON).toEqual([50, 50]);
    expect(heard).toEqual([words, words]);
    const values = (await Promise.all(seen)).map(Number);
    expect(values.every((value, index) => value >= index)).toBe(true);
  });

  test('another app hears nothing of it', async () => {
    const { redis, store } = await startStore();
    const other = createRedisStore({ url: redis.url, prefix: 'other ', minReplicas: 1, log: () => {} });
    afterTest(async () => other.close());
    await other.opened();
    const heard: string[] = [];
    store.subscribe((message) => heard.push(message));
    other.subscribe((message) => heard.push(`other: ${message}`));
    await other.publish('theirs');
    await store.publish('ours');
    await expect.poll(() => heard, SOON).toEqual(['other: theirs', 'ours']);
  });
});

test('replicas are counted that come, that go, and that the operator told of', async () => {
  const { redis, store } = await startStore();
  expect(store.replicaCount()).toBe(1);
  const others = [openStore(redis.url), openStore(redis.url, 5)];
  await expect.poll(() => store.replicaCount(), SOON).toBe(3);
  expect(others[1]?.replicaCount()).toBe(5);
  await others[0]?.close();
  await expect.poll(() => store.replicaCount(), SOON).toBe(2);
});

test('it is as late as Redis’s clock says', async () => {
  const { redis, store } = await startStore();
  const asked = new Redis(redis.url);
  afterTest(() => asked.disconnect());
  const before = store.now();
  const [seconds = 0, microseconds = 0] = (await asked.time()).map(Number);
  const there = seconds * 1000 + microseconds / 1000;
  expect(there - before).toBeGreaterThan(-20);
  expect(store.now() - there).toBeGreaterThan(-20);
  expect(store.now() - before).toBeLessThan(500);
});

describe('while Redis is away', () => {
  const OUTAGES = [
    ['killed', async (redis: RedisServer) => redis.kill(), async (redis: RedisServer) => redis.start()],
    ['stopped', (redis: RedisServer) => redis.pause(), (redis: RedisServer) => redis.resume()],
  ] as const;

  test.each(OUTAGES)('%s: that shows soon, everything fails at once, and it heals by itself', async (_, end, begin) => {
    const { redis, store } = await startStore();
    let ups = 0;
    store.onReconnect(() => (ups += 1));
    await end(redis);
    expect(await until(() => !store.isUp(), 3000)).toBeLessThan(1700);
    const began = performance.now();
    await expect(store.get('key')).rejects.toThrow(StoreUnavailableError);
    await expect(store.set('key', 'one', LONG)).rejects.toThrow(StoreUnavailableError);
    await expect(store.compareAndSwap('key', null, 'one', LONG)).rejects.toThrow(StoreUnavailableError);
    await expect(store.publish('one')).rejects.toThrow(StoreUnavailableError);
    expect(performance.now() - began).toBeLessThan(100);
    await begin(redis);
    expect(await until(() => store.isUp(), 5000)).toBeLessThan(2700);
    expect(ups).toBe(1);
    const heard: string[] = [];
    store.subscribe((message) => heard.push(message));
    await store.set('key', 'two', LONG);
    await store.publish('two');
    expect(await store.get('key')).toBe('two');
    await expect.poll(() => heard, SOON).toEqual(['two']);
    expect(said()).toEqual(['there', 'away', 'there']);
  });

  test('a command that waits when it stops fails within a second', async () => {
    const { redis, store } = await startStore();
    redis.pause();
    const began = performance.now();
    await expect(store.get('key')).rejects.toThrow(StoreUnavailableError);
    expect(performance.now() - began).toBeLessThan(1000);
    expect(store.isUp()).toBe(false);
  });

  test('a swap that it gets too late is not carried out', async () => {
    const { redis, store } = await startStore();
    await store.set('key', 'one', LONG);
    redis.pause();
    await expect(store.compareAndSwap('key', 'one', 'two', LONG)).rejects.toThrow(StoreUnavailableError);
    await expect(store.compareAndSwap('other', null, 'two', LONG)).rejects.toThrow(StoreUnavailableError);
    redis.resume();
    await until(() => store.isUp(), 5000);
    expect([await store.get('key'), await store.get('other')]).toEqual(['one', null]);
  });

  test('a swap whose answer is late counts as failed, though it may have been carried out', async () => {
    const redis = await startRedis({ password: PASSWORD });
    const proxy = await startProxy(redis.port);
    const store = openStore(redis.url.replace(String(redis.port), String(proxy.port)));
    await store.opened();
    proxy.delay(300);
    // It arrives there in time; its answer does not arrive here in time.
    await expect(store.compareAndSwap('key', null, 'one', LONG)).rejects.toThrow(StoreUnavailableError);
    expect(store.isUp()).toBe(false);
    proxy.delay(0);
    await until(() => store.isUp(), 5000);
    expect(await store.get('key')).toBe('one');
  });

  test('that it is there takes back no failure while its answers come too late', async () => {
    const redis = await startRedis();
    const proxy = await startProxy(redis.port);
    const store = openStore(redis.url.replace(String(redis.port), String(proxy.port)));
    await store.opened();
    proxy.delay(2000);
    expect(await until(() => !store.isUp(), 3000)).toBeLessThan(1700);
    const isUp: boolean[] = [];
    const looking = setInterval(() => isUp.push(store.isUp()), 10);
    await expect.poll(() => isUp.length, { ...SOON, timeout: 20_000 }).toBeGreaterThan(300);
    clearInterval(looking);
    expect(isUp).not.toContain(true);
    proxy.delay(0);
    expect(await until(() => store.isUp(), 10_000)).toBeLessThan(6000);
  });

  test('connections that lead nowhere are given up, and made anew', async () => {
    const redis = await startRedis();
    const proxy = await startProxy(redis.port);
    const store = openStore(redis.url.replace(String(redis.port), String(proxy.port)));
    await store.opened();
    proxy.cutHalfOpen();
    expect(await until(() => !store.isUp(), 3000)).toBeLessThan(1700);
    expect(await until(() => store.isUp(), 10_000)).toBeLessThan(5000);
    expect(await store.get('key')).toBe(null);
  });

  test('it may not be there from the beginning', async () => {
    const redis = await startRedis({ password: PASSWORD });
    await redis.kill();
    const store = openStore(redis.url);
    let ups = 0;
    store.onReconnect(() => (ups += 1));
    const began = performance.now();
    await store.opened();
    expect(performance.now() - began).toBeLessThan(2500);
    expect(store.isUp()).toBe(false);
    expect(logs).toEqual([expect.stringContaining('"reason":"connect ECONNREFUSED')]);
    await redis.start();
    expect(await until(() => store.isUp(), 5000)).toBeLessThan(2700);
    expect(ups).toBe(1);
  });

  test('a wrong password is no reason to end: that it is wrong is told, and not which it is', async () => {
    const redis = await startRedis({ password: 'another' });
    const store = openStore(`redis://:${PASSWORD}@127.0.0.1:${redis.port}`);
    await store.opened();
    expect(store.isUp()).toBe(false);
    expect(logs).toEqual([expect.stringContaining('"reason":"WRONGPASS')]);
  });

  test('neither is a server that does not speak its language', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n', () => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    afterTest(() => void server.close());
    const store = openStore(`redis://:${PASSWORD}@127.0.0.1:${portOf(server)}`);
    await store.opened();
    await expect(store.get('key')).rejects.toThrow(StoreUnavailableError);
  });
});

/** What this Redis answers a command of an operator's. */
async function tell(url: string, ...[command = '', ...rest]: string[]): Promise<unknown> {
  const operator = new Redis(url);
  try {
    return await operator.call(command, ...rest);
  } finally {
    operator.disconnect();
  }
}

describe('a Redis that answers, but not as it should', () => {
  test('it is told why it cannot be used, such as for its password', async () => {
    const { url } = await startRedis({ password: PASSWORD });
    await openStore(url.replace(PASSWORD, 'pass-another')).opened();
    expect(logs.join()).toContain('WRONGPASS');
    expect(logs.join()).not.toContain('pass-another');
  });

  test('after a failover it is found where the address leads by then', async () => {
    const [before, after] = await Promise.all([startRedis(), startRedis()]);
    const proxy = await startProxy(before.port);
    const store = openStore(`redis://127.0.0.1:${proxy.port}`);
    await store.opened();
    proxy.leadTo(after.port);
    await tell(before.url, 'replicaof', '127.0.0.1', String(after.port));
    await expect.poll(said, SOON).toEqual(['there', 'away', 'there']);
    await store.set('key', 'value', LONG);
    expect(await tell(after.url, 'get', 'key')).toBe('value');
  });

  test('one that refuses what is needed of it is not found again every second', async () => {
    const { url } = await startRedis();
    await tell(url, 'acl', 'setuser', 'default', '-get');
    const store = openStore(url);
    await store.opened();
    const endsAt = performance.now() + 8000;
    while (performance.now() < endsAt) {
      await store.get('key').catch(() => {});
      await sleep(10);
    }
    // At the start, and after one, two and four seconds.
    expect(said().filter((word) => word === 'there').length).toBeLessThanOrEqual(4);
    expect(said().length).toBeGreaterThanOrEqual(4);
  });
});

test.each([
  ['there', true],
  ['away', false],
])('closed while Redis is %s, it leaves nothing behind', async (_, isThere) => {
  const { redis, store } = await startStore();
  const handles = (): string[] => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap');
  if (!isThere) {
    redis.pause();
    await until(() => !store.isUp(), 3000);
  }
  await store.close();
  redis.resume();
  await expect.poll(handles, SOON).toEqual([]);
  await redis.kill();
  await redis.start();
  expect(store.isUp()).toBe(false);
  expect(said()).toEqual(isThere ? ['there'] : ['there', 'away']);
});
