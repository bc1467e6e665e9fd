import { Redis } from 'ioredis';
import * as v from 'valibot';

import type { Log } from '../lib/log.ts';
import { type App, appKeyPrefix } from './keys.ts';
import { createRedisHealth } from './redisHealth.ts';
import { type SharedStore, StoreUnavailableError } from './sharedStore.ts';

/** How replicas share state through Redis. */
export interface RedisSettings {
  /** Secret: may contain a password. */
  url: string;
  /** The minimum number of replicas to assume, however many Redis reports. */
  minReplicas: number;
}

/** A store in Redis. It reconnects by itself. */
export interface RedisStore extends SharedStore {
  /** Resolves when Redis is connected for the first time, or after two seconds. */
  connected(): Promise<void>;
  close(): Promise<void>;
}

/** A command that takes longer counts as failed. */
const COMMAND_TIMEOUT_MS = 500;
/** Redis does not carry out a swap after this time. It is shorter, since Redis's clock is known only to some milliseconds. */
const SWAP_TIMEOUT_MS = 400;
const CONNECT_TIMEOUT_MS = 2000;
const MAX_BACKOFF_MS = 1000;

/**
 * Sets `KEYS[1]` to `ARGV[2]` for `ARGV[3]` milliseconds if its value is `ARGV[1]`, but not after the time `ARGV[4]`, when the
 * gateway no longer waits for the result. Both values have a character in front; an empty string stands for no value.
 */
const COMPARE_AND_SWAP_SCRIPT = `
local time = redis.call('TIME')
local current = redis.call('GET', KEYS[1])
local expected = ARGV[1] ~= '' and string.sub(ARGV[1], 2)
if current ~= expected or time[1] * 1000 + time[2] / 1000 > tonumber(ARGV[4]) then return { 0, current } end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], string.sub(ARGV[2], 2), 'PX', ARGV[3]) end
return { 1 }
`;

/**
 * Returns the value of `KEYS[1]`. Sets `KEYS[2]`, if it has no value, to `ARGV[2]` for `ARGV[3]` milliseconds, unless the value's
 * logical time is greater than `ARGV[1]`.
 */
const GET_OR_LOCK_SCRIPT = `
local value = redis.call('GET', KEYS[1])
local logical = value and tonumber(string.match(value, '^{"logical":(%d+)'))
if logical and logical > tonumber(ARGV[1]) then return { 0, value } end
return { redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) and 1 or 0, value }
`;

/** Opens the store of an app, and returns it with the prefix of the app's keys. If Redis cannot be reached, returns after two seconds. */
export async function openRedis(
  settings: RedisSettings,
  app: App,
  log: Log,
): Promise<{ store: RedisStore; prefix: string }> {
  const prefix = await appKeyPrefix(app);
  const store = createRedisStore({ ...settings, prefix, log });
  await store.connected();
  return { store, prefix };
}

/** `prefix`: how the app's channel begins. */
export function createRedisStore({
  url,
  prefix,
  minReplicas,
  log,
}: RedisSettings & { prefix: string; log: Log }): RedisStore {
  const connect = (): Redis =>
    new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: COMMAND_TIMEOUT_MS,
      socketTimeout: CONNECT_TIMEOUT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      retryStrategy: (times) => Math.min(50 * times, MAX_BACKOFF_MS),
      autoResubscribe: false,
    });
  const [commands, subscriber] = [connect(), connect()];
  const channel = `${prefix}messages`;
  const listeners: ((message: string) => void)[] = [];
  const health = createRedisHealth({ commands, subscriber, channel, minReplicas, log });

  subscriber.on('message', (_channel: string, message: string) => {
    for (const listener of listeners) listener(message);
  });

  /** Fails fast while Redis is unavailable. A command that fails shows that it is, so that later commands need not wait. */
  async function run<Reply>(command: () => Promise<Reply>): Promise<Reply> {
    if (!health.isUp()) throw new StoreUnavailableError('Redis is unavailable.');
    try {
      return await command();
    } catch (error) {
      health.markDown(error);
      throw new StoreUnavailableError('Redis did not carry out a command.', { cause: error });
    }
  }

  return {
    isUp: health.isUp,
    onReconnect: health.onReconnect,
    now: health.now,
    get: async (key) => run(async () => commands.get(key)),
    set: async (key, value, ttlMs) => {
      await run(async () => commands.set(key, value, 'PX', Math.max(1, ttlMs)));
    },
    compareAndSwap: async (key, expected, next, ttlMs) =>
      run(async () => {
        const values = [encodeValue(expected), encodeValue(next)] as const;
        const deadline = Math.ceil(health.now()) + SWAP_TIMEOUT_MS;
        const reply = await commands.eval(COMPARE_AND_SWAP_SCRIPT, 1, key, ...values, Math.max(1, ttlMs), deadline);
        const [isSwapped, current = next] = v.parse(swapReplySchema, reply);
        return { isSwapped: isSwapped === 1, current };
      }),
    getOrLock: async (key, newerThan, { key: lockKey, holder, ttlMs }) =>
      run(async () => {
        const reply = await commands.eval(GET_OR_LOCK_SCRIPT, 2, key, lockKey, newerThan, holder, Math.max(1, ttlMs));
        const [isLocked, value] = v.parse(getOrLockReplySchema, reply);
        return { isLocked: isLocked === 1, value };
      }),
    publish: async (message) => {
      await run(async () => commands.publish(channel, message));
    },
    subscribe: (listener) => void listeners.push(listener),
    replicaCount: health.replicaCount,
    connected: async () => health.connected(CONNECT_TIMEOUT_MS),
    async close() {
      await health.stop();
      commands.disconnect();
      subscriber.disconnect();
    },
  };
}

/** An argument of the script, in which an empty string stands for no value. */
const encodeValue = (value: string | null): string => (value === null ? '' : `=${value}`);

const swapReplySchema = v.union([v.tuple([v.literal(1)]), v.tuple([v.literal(0), v.nullable(v.string())])]);
const getOrLockReplySchema = v.tuple([v.picklist([0, 1]), v.nullable(v.string())]);
