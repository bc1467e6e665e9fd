import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { StoreUnavailableError } from '../../src/cluster/sharedStore.ts';
import { createRedisStore, type RedisStore } from '../../src/cluster/redis.ts';
import { afterTest } from './support/cleanUp.ts';
import { portOf } from '../support/ports.ts';
import { startProxy } from './support/proxy.ts';
import { loggedRedisStates } from './support/redisLog.ts';
import { type RedisServer, startRedis } from './support/redisServer.ts';

const PASSWORD = 'pass-7d.word';
const PREFIX = 'app ';
const LONG_TTL_MS = 60_000;
const POLL = { interval: 10, timeout: 10_000 };

let logs: string[] = [];
let rejections: unknown[] = [];
const onRejection = (reason: unknown): void => void rejections.push(reason);

beforeEach(() => {
  logs = [];
  rejections = [];
  process.on('unhandledRejection', onRejection);
});

/** No test may leave an unhandled rejection, or a password in the log. */
function expectNoTraces(): void {
  process.off('unhandledRejection', onRejection);
  expect(rejections).toEqual([]);
  expect(logs.join('\n')).not.toContain(PASSWORD);
}

afterEach(expectNoTraces);

/** The states of Redis that the store logged. */
const loggedStates = (): unknown[] => logs.map((line) => loggedRedisStates(line)[0]);

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
  await store.connected();
  expect(store.isUp()).toBe(true);
  return { redis, store };
}

/** Waits until `condition` is true. Returns how many milliseconds that took. */
async function waitUntil(condition: () => boolean, timeoutMs: number): Promise<number> {
  const startedAt = performance.now();
  await expect.poll(condition, { ...POLL, timeout: timeoutMs }).toBe(true);
  return performance.now() - startedAt;
}

describe('values in Redis', () => {
  test('are returned until their TTL is over, whatever they contain', async () => {
    const { store } = await startStore();
    expect(await store.get('none')).toBe(null);
    for (const value of ['one', '', '=', 'ü 🎥\n"']) {
      await store.set('key', value, LONG_TTL_MS);
      expect(await store.get('key')).toBe(value);
    }
    await store.set('short', 'one', 60);
    expect(await store.get('short')).toBe('one');
    await expect.poll(async () => store.get('short'), POLL).toBe(null);
  });

  test.each([0, -5, 0.4])('with a TTL of %d ms expire at once', async (milliseconds) => {
    const { store } = await startStore();
    await store.set('key', 'one', milliseconds);
    await expect.poll(async () => store.get('key'), POLL).toBe(null);
  });

  test('are swapped only if the current value is the expected one', async () => {
    const { store } = await startStore();
    const swap = async (before: string | null, after: string | null): Promise<unknown> =>
      Object.values(await store.compareAndSwap('key', before, after, LONG_TTL_MS));
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

  test('expire after a swap, too', async () => {
    const { store } = await startStore();
    await store.compareAndSwap('key', null, 'one', 60);
    expect(await store.get('key')).toBe('one');
    await expect.poll(async () => store.get('key'), POLL).toBe(null);
  });

  test('are swapped by exactly one of many concurrent swaps', async () => {
    const { redis, store } = await startStore();
    const other = openStore(redis.url);
    await other.connected();
    for (let round = 0; round < 20; round += 1) {
      const before = round === 0 ? null : await store.get('key');
      const swaps = Array.from({ length: 20 }, async (_, index) =>
        (index % 2 === 0 ? store : other).compareAndSwap('key', before, `${round} ${index}`, LONG_TTL_MS),
      );
      const outcomes = await Promise.all(swaps);
      const winner = outcomes.findIndex(({ isSwapped }) => isSwapped);
      expect(outcomes.filter(({ isSwapped }) => isSwapped)).toHaveLength(1);
      expect(new Set(outcomes.map(({ current }) => current))).toEqual(new Set([`${round} ${winner}`]));
    }
  });
});

describe('a value or a lock', () => {
  const lockOf = (holder: string) => ({ key: 'lock', holder, ttlMs: LONG_TTL_MS });

  test('is a lock if there is no value, for one holder at a time', async () => {
    const { store } = await startStore();
    expect(await store.getOrLock('key', 0, lockOf('one'))).toEqual({ value: null, isLocked: true });
    expect(await store.getOrLock('key', 0, lockOf('two'))).toEqual({ value: null, isLocked: false });
    expect(await store.get('lock')).toBe('one');
    await store.getOrLock('key', 0, { key: 'short', holder: 'one', ttlMs: 60 });
    await expect.poll(async () => store.get('short'), POLL).toBe(null);
  });

  test('is the value alone if that is newer than wanted, and otherwise both', async () => {
    const { store } = await startStore();
    const [value, logical] = ['{"logical":1770000000000001,"value":"ü"}', 1_770_000_000_000_001];
    await store.set('key', value, LONG_TTL_MS);
    expect(await store.getOrLock('key', logical - 1, lockOf('one'))).toEqual({ value, isLocked: false });
    expect(await store.getOrLock('key', logical, lockOf('one'))).toEqual({ value, isLocked: true });
    await store.set('other', 'no JSON', LONG_TTL_MS);
    const lock = { ...lockOf('one'), key: 'other lock' };
    expect(await store.getOrLock('other', 0, lock)).toEqual({ value: 'no JSON', isLocked: true });
  });
});

describe('messages', () => {
  test('reach every replica in order, and after the values that were set before them', async () => {
    const { redis, store } = await startStore();
    const other = openStore(redis.url);
    await other.connected();
    const received: string[][] = [[], []];
    const valuesAtReceipt: Promise<string | null>[] = [];
    store.subscribe((message) => received[0]?.push(message));
    other.subscribe((message) => {
      received[1]?.push(message);
      valuesAtReceipt.push(other.get('key'));
    });
    const messages = Array.from({ length: 50 }, (_, index) => String(index));
    for (const message of messages) {
      void store.set('key', message, LONG_TTL_MS);
      void store.publish(message);
    }
    await expect.poll(() => received.map(({ length }) => length), POLL).toEqual([50, 50]);
    expect(received).toEqual([messages, messages]);
    const values = (await Promise.all(valuesAtReceipt)).map(Number);
    expect(values.every((value, index) => value >= index)).toBe(true);
  });

  test('do not reach another app', async () => {
    const { redis, store } = await startStore();
    const other = createRedisStore({ url: redis.url, prefix: 'other ', minReplicas: 1, log: () => {} });
    afterTest(async () => other.close());
    await other.connected();
    const received: string[] = [];
    store.subscribe((message) => received.push(message));
    other.subscribe((message) => received.push(`other: ${message}`));
    await other.publish('theirs');
    await store.publish('ours');
    await expect.poll(() => received, POLL).toEqual(['other: theirs', 'ours']);
  });
});

test('replicaCount follows replicas that start and stop, and is at least the configured number', async () => {
  const { redis, store } = await startStore();
  expect(store.replicaCount()).toBe(1);
  const others = [openStore(redis.url), openStore(redis.url, 5)];
  await expect.poll(() => store.replicaCount(), POLL).toBe(3);
  expect(others[1]?.replicaCount()).toBe(5);
  await others[0]?.close();
  await expect.poll(() => store.replicaCount(), POLL).toBe(2);
});

test('now() returns the time of Redis’s clock', async () => {
  const { redis, store } = await startStore();
  const client = new Redis(redis.url);
  afterTest(() => client.disconnect());
  const before = store.now();
  const [seconds = 0, microseconds = 0] = (await client.time()).map(Number);
  const redisTime = seconds * 1000 + microseconds / 1000;
  expect(redisTime - before).toBeGreaterThan(-20);
  expect(store.now() - redisTime).toBeGreaterThan(-20);
  expect(store.now() - before).toBeLessThan(500);
});

describe('while Redis is unavailable', () => {
  const OUTAGES = [
    ['killed', async (redis: RedisServer) => redis.kill(), async (redis: RedisServer) => redis.start()],
    ['suspended', (redis: RedisServer) => redis.pause(), (redis: RedisServer) => redis.resume()],
  ] as const;

  test.each(OUTAGES)(
    '(%s) the store notices within 1.7 s, fails fast, and reconnects by itself',
    async (_outage, breakRedis, restoreRedis) => {
      const { redis, store } = await startStore();
      let reconnects = 0;
      store.onReconnect(() => (reconnects += 1));
      await breakRedis(redis);
      expect(await waitUntil(() => !store.isUp(), 3000)).toBeLessThan(1700);
      const startedAt = performance.now();
      await expect(store.get('key')).rejects.toThrow(StoreUnavailableError);
      await expect(store.set('key', 'one', LONG_TTL_MS)).rejects.toThrow(StoreUnavailableError);
      await expect(store.compareAndSwap('key', null, 'one', LONG_TTL_MS)).rejects.toThrow(StoreUnavailableError);
      await expect(store.publish('one')).rejects.toThrow(StoreUnavailableError);
      expect(performance.now() - startedAt).toBeLessThan(100);
      await restoreRedis(redis);
      expect(await waitUntil(() => store.isUp(), 5000)).toBeLessThan(2700);
      expect(reconnects).toBe(1);
      const received: string[] = [];
      store.subscribe((message) => received.push(message));
      await store.set('key', 'two', LONG_TTL_MS);
      await store.publish('two');
      expect(await store.get('key')).toBe('two');
      await expect.poll(() => received, POLL).toEqual(['two']);
      expect(loggedStates()).toEqual(['connected', 'unavailable', 'connected']);
    },
  );

  test('a command in flight fails within a second', async () => {
    const { redis, store } = await startStore();
    redis.pause();
    const startedAt = performance.now();
    await expect(store.get('key')).rejects.toThrow(StoreUnavailableError);
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(store.isUp()).toBe(false);
  });

  test('a swap that Redis receives too late is not carried out', async () => {
    const { redis, store } = await startStore();
    await store.set('key', 'one', LONG_TTL_MS);
    redis.pause();
    await expect(store.compareAndSwap('key', 'one', 'two', LONG_TTL_MS)).rejects.toThrow(StoreUnavailableError);
    await expect(store.compareAndSwap('other', null, 'two', LONG_TTL_MS)).rejects.toThrow(StoreUnavailableError);
    redis.resume();
    await waitUntil(() => store.isUp(), 5000);
    expect([await store.get('key'), await store.get('other')]).toEqual(['one', null]);
  });

  test('a swap whose reply is late fails, even if it was carried out', async () => {
    const redis = await startRedis({ password: PASSWORD });
    const proxy = await startProxy(redis.port);
    const store = openStore(redis.url.replace(String(redis.port), String(proxy.port)));
    await store.connected();
    proxy.setDelay(300);
    // The command reaches Redis in time, but the reply does not arrive in time.
    await expect(store.compareAndSwap('key', null, 'one', LONG_TTL_MS)).rejects.toThrow(StoreUnavailableError);
    expect(store.isUp()).toBe(false);
    proxy.setDelay(0);
    await waitUntil(() => store.isUp(), 5000);
    expect(await store.get('key')).toBe('one');
  });

  test('the store stays unavailable as long as replies are too slow', async () => {
    const redis = await startRedis();
    const proxy = await startProxy(redis.port);
    const store = openStore(redis.url.replace(String(redis.port), String(proxy.port)));
    await store.connected();
    proxy.setDelay(2000);
    expect(await waitUntil(() => !store.isUp(), 3000)).toBeLessThan(1700);
    const isUp: boolean[] = [];
    const timer = setInterval(() => isUp.push(store.isUp()), 10);
    await expect.poll(() => isUp.length, { ...POLL, timeout: 20_000 }).toBeGreaterThan(300);
    clearInterval(timer);
    expect(isUp).not.toContain(true);
    proxy.setDelay(0);
    expect(await waitUntil(() => store.isUp(), 10_000)).toBeLessThan(6000);
  });

  test('half-open connections are replaced', async () => {
    const redis = await startRedis();
    const proxy = await startProxy(redis.port);
    const store = openStore(redis.url.replace(String(redis.port), String(proxy.port)));
    await store.connected();
    proxy.cutHalfOpen();
    expect(await waitUntil(() => !store.isUp(), 3000)).toBeLessThan(1700);
    expect(await waitUntil(() => store.isUp(), 10_000)).toBeLessThan(5000);
    expect(await store.get('key')).toBe(null);
  });

  test('the store opens without Redis, and connects once Redis starts', async () => {
    const redis = await startRedis({ password: PASSWORD });
    await redis.kill();
    const store = openStore(redis.url);
    let reconnects = 0;
    store.onReconnect(() => (reconnects += 1));
    const startedAt = performance.now();
    await store.connected();
    expect(performance.now() - startedAt).toBeLessThan(2500);
    expect(store.isUp()).toBe(false);
    expect(logs).toEqual([expect.stringContaining('"reason":"connect ECONNREFUSED')]);
    await redis.start();
    expect(await waitUntil(() => store.isUp(), 5000)).toBeLessThan(2700);
    expect(reconnects).toBe(1);
  });

  test('a wrong password is logged as the reason, without the password', async () => {
    const redis = await startRedis({ password: 'another' });
    const store = openStore(`redis://:${PASSWORD}@127.0.0.1:${redis.port}`);
    await store.connected();
    expect(store.isUp()).toBe(false);
    expect(logs).toEqual([expect.stringContaining('"reason":"WRONGPASS')]);
  });

  test('a server that is not Redis does not crash the store', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n', () => socket.destroy());
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    afterTest(() => void server.close());
    const store = openStore(`redis://:${PASSWORD}@127.0.0.1:${portOf(server)}`);
    await store.connected();
    await expect(store.get('key')).rejects.toThrow(StoreUnavailableError);
  });
});

/** Sends a command as an operator, and returns the reply. */
async function runAsOperator(url: string, ...[command = '', ...rest]: string[]): Promise<unknown> {
  const operator = new Redis(url);
  try {
    return await operator.call(command, ...rest);
  } finally {
    operator.disconnect();
  }
}

describe('a Redis that rejects commands', () => {
  test('has its reason logged, such as a wrong password', async () => {
    const { url } = await startRedis({ password: PASSWORD });
    await openStore(url.replace(PASSWORD, 'pass-another')).connected();
    expect(logs.join()).toContain('WRONGPASS');
    expect(logs.join()).not.toContain('pass-another');
  });

  test('is replaced after a failover by the server that the address then leads to', async () => {
    const [before, after] = await Promise.all([startRedis(), startRedis()]);
    const proxy = await startProxy(before.port);
    const store = openStore(`redis://127.0.0.1:${proxy.port}`);
    await store.connected();
    proxy.setTarget(after.port);
    await runAsOperator(before.url, 'replicaof', '127.0.0.1', String(after.port));
    await expect.poll(loggedStates, POLL).toEqual(['connected', 'unavailable', 'connected']);
    await store.set('key', 'value', LONG_TTL_MS);
    expect(await runAsOperator(after.url, 'get', 'key')).toBe('value');
  });

  test('is not reconnected every second if it rejects a command that the store needs', async () => {
    const { url } = await startRedis();
    await runAsOperator(url, 'acl', 'setuser', 'default', '-get');
    const store = openStore(url);
    await store.connected();
    const endsAt = performance.now() + 8000;
    while (performance.now() < endsAt) {
      await store.get('key').catch(() => {});
      await sleep(10);
    }
    // At the start, and after one, two and four seconds of backoff.
    expect(loggedStates().filter((state) => state === 'connected').length).toBeLessThanOrEqual(4);
    expect(loggedStates().length).toBeGreaterThanOrEqual(4);
  });
});

test.each([
  ['available', true],
  ['unavailable', false],
])('close() leaves no connection open while Redis is %s', async (_state, isAvailable) => {
  const { redis, store } = await startStore();
  const handles = (): string[] => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap');
  if (!isAvailable) {
    redis.pause();
    await waitUntil(() => !store.isUp(), 3000);
  }
  await store.close();
  redis.resume();
  await expect.poll(handles, POLL).toEqual([]);
  await redis.kill();
  await redis.start();
  expect(store.isUp()).toBe(false);
  expect(loggedStates()).toEqual(isAvailable ? ['connected'] : ['connected', 'unavailable']);
});
