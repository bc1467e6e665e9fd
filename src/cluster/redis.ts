import { Redis } from 'ioredis';
import * as v from 'valibot';

import type { Log } from '../lib/log.ts';
import { type SharedStore, StoreUnavailableError, type SwapResult } from './sharedStore.ts';
import { type App, appKeyPrefix } from './keys.ts';
import { createRedisHealth } from './redisHealth.ts';

/** How replicas share state through Redis. */
export interface RedisSettings {
  /** Secret: may contain a password. */
  url: string;
  /** The minimum number of replicas to assume, however many Redis reports. */
  minReplicas: number;
}

export interface RedisOptions extends RedisSettings {
  /** What the names of this app's channel begin with. */
  prefix: string;
  log: Log;
}

/** A store in Redis, which comes and goes. */
export interface RedisStore extends SharedStore {
  /** Resolves when it can be reached for the first time, or after two seconds. */
  opened(): Promise<void>;
  close(): Promise<void>;
}

/** How long Redis may take for a command, in milliseconds: a slow one is none. */
const COMMAND_TIMEOUT_MS = 500;
/** The same for what it may not do late: less, since its clock is known to some milliseconds only. */
const SWAP_TIMEOUT_MS = 400;
/** Milliseconds. */
const CONNECT_TIMEOUT_MS = 2000;
const MAX_BACKOFF_MS = 1000;

/**
 * `KEYS[1]` from `ARGV[1]` to `ARGV[2]`, each with a character before it, or empty for nothing, for `ARGV[3]` milliseconds; not at all
 * after `ARGV[4]`: what Redis does late is not expected any more.
 */
const COMPARE_AND_SWAP_SCRIPT = `
local time = redis.call('TIME')
local current = redis.call('GET', KEYS[1])
local before = ARGV[1] ~= '' and string.sub(ARGV[1], 2)
if current ~= before or time[1] * 1000 + time[2] / 1000 > tonumber(ARGV[4]) then return { 0, current } end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], string.sub(ARGV[2], 2), 'PX', ARGV[3]) end
return { 1 }
`;

/** The store of an app, once it can be reached, or without it after two seconds; and what the app's keys begin with there. */
export async function openRedis(
  settings: RedisSettings,
  app: App,
  log: Log,
): Promise<{ store: RedisStore; prefix: string }> {
  const prefix = await appKeyPrefix(app);
  const store = createRedisStore({ ...settings, prefix, log });
  await store.opened();
  return { store, prefix };
}

export function createRedisStore({ url, prefix, minReplicas, log }: RedisOptions): RedisStore {
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
  const channel = `${prefix}news`;
  const listeners: ((message: string) => void)[] = [];
  const pulse = createRedisHealth({ commands, subscriber, channel, minReplicas: minReplicas, log });

  subscriber.on('message', (_channel: string, message: string) => {
    for (const listener of listeners) listener(message);
  });

  /** A command that fails shows that Redis is away: the next ones need not find out by themselves. */
  async function run<Reply>(command: () => Promise<Reply>): Promise<Reply> {
    if (!pulse.isUp()) throw new StoreUnavailableError('Redis is away.');
    try {
      return await command();
    } catch (error) {
      pulse.markDown(error);
      throw new StoreUnavailableError('Redis does not answer.', { cause: error });
    }
  }

  return {
    isUp: () => pulse.isUp(),
    onReconnect: (listener) => pulse.onUp(listener),
    now: () => pulse.now(),
    get: async (key) => run(async () => commands.get(key)),
    set: async (key, value, milliseconds) => {
      await run(async () => commands.set(key, value, 'PX', Math.max(1, milliseconds)));
    },
    compareAndSwap: async (key, before, after, milliseconds) =>
      run(async () => {
        const [from, to] = [before, after].map((value) => (value === null ? '' : `=${value}`));
        const deadline = Math.ceil(pulse.now()) + SWAP_TIMEOUT_MS;
        return parseSwapResult(
          await commands.eval(
            COMPARE_AND_SWAP_SCRIPT,
            1,
            key,
            from ?? '',
            to ?? '',
            Math.max(1, milliseconds),
            deadline,
          ),
          after,
        );
      }),
    publish: async (message) => {
      await run(async () => commands.publish(channel, message));
    },
    subscribe: (listener) => void listeners.push(listener),
    replicaCount: () => pulse.replicaCount(),
    opened: async () => pulse.opened(CONNECT_TIMEOUT_MS),
    async close() {
      await pulse.stop();
      commands.disconnect();
      subscriber.disconnect();
    },
  };
}

const swapReplySchema = v.union([v.tuple([v.literal(1)]), v.tuple([v.literal(0), v.nullable(v.string())])]);

function parseSwapResult(reply: unknown, after: string | null): SwapResult {
  const [isSwapped, current = after] = v.parse(swapReplySchema, reply);
  return { isSwapped: isSwapped === 1, current };
}
