import type { Redis } from 'ioredis';

import type { Log } from '../lib/log.ts';
import { REPLICAS_KEY } from './keys.ts';

interface RedisHealthOptions {
  commands: Redis;
  /** The connection that receives messages. */
  subscriber: Redis;
  channel: string;
  /** The minimum number of replicas to assume, however many Redis reports. */
  minReplicas: number;
  log: Log;
}

const HEARTBEAT_INTERVAL_MS = 1000;
/** A connection that is lost sooner is flapping: the next one counts only after a backoff, which doubles each time. */
const STABLE_AFTER_MS = 10_000;
const MIN_FLAP_BACKOFF_MS = 1000;
const MAX_FLAP_BACKOFF_MS = 30_000;
/** A replica without a heartbeat for this long no longer counts. */
const REPLICA_TTL_MS = 10_000;

/** Whether Redis can be reached, its time, and the number of replicas that use it: all from a heartbeat every second. */
export function createRedisHealth({ commands, subscriber, channel, minReplicas, log }: RedisHealthOptions) {
  const self = crypto.randomUUID();
  const connections = [commands, subscriber];
  const listeners: ((mayHaveMissed: boolean) => void)[] = [];
  const firstConnection = Promise.withResolvers<void>();
  let isUp = false;
  let isSubscribed = false;
  /** Whether messages may have been lost since Redis was up the last time. */
  let mayHaveMissed = true;
  /** Redis's time minus that of `performance`, whose clock is not set. The machine's clock counts until Redis has answered. */
  let clockOffsetMs = Date.now() - performance.now();
  let count = 0;
  let isBeating = false;
  let isStopped = false;
  let upSince = -Infinity;
  let downSince = -Infinity;
  let flapBackoffMs = 0;
  let reason = 'Redis does not answer.';

  function markDown(error: unknown): void {
    if (isStopped) return;
    const isReply = error instanceof Error && error.name === 'ReplyError';
    if (isUp || isReply) reason = reasonOf(error);
    // After a failover this server is a read-only replica. The address now leads to the new primary.
    if (isReply && reason.startsWith('READONLY')) for (const connection of connections) connection.disconnect(true);
    if (!isUp) return;
    isUp = false;
    downSince = performance.now();
    // Each reconnection invalidates the cache, so a flapping Redis would cost more than an unavailable one.
    flapBackoffMs =
      downSince - upSince < STABLE_AFTER_MS
        ? Math.min(Math.max(MIN_FLAP_BACKOFF_MS, 2 * flapBackoffMs), MAX_FLAP_BACKOFF_MS)
        : 0;
    warn();
  }

  function warn(): void {
    const message =
      'Redis is unavailable. This replica continues with its own cache and its own part of the request budget.';
    log('warn', message, { reason });
  }

  function markUp(): void {
    if (isUp || isStopped || performance.now() - downSince < flapBackoffMs) return;
    isUp = true;
    upSince = performance.now();
    log('info', 'Connected to Redis.');
    firstConnection.resolve();
    for (const listener of listeners) listener(mayHaveMissed);
    mayHaveMissed = false;
  }

  /** Registers this replica, counts the others, measures the clock offset, and checks both connections. */
  async function heartbeat(): Promise<void> {
    const sentAt = performance.now();
    const [seconds = 0, microseconds = 0] = (await commands.time()).map(Number);
    const now = seconds * 1000 + microseconds / 1000;
    clockOffsetMs = now - (sentAt + performance.now()) / 2;
    // `stop` has removed this replica meanwhile.
    if (isStopped) return;
    await commands.zadd(REPLICAS_KEY, now, self);
    await commands.zremrangebyscore(REPLICAS_KEY, 0, now - REPLICA_TTL_MS);
    await commands.pexpire(REPLICAS_KEY, REPLICA_TTL_MS);
    count = await commands.zcard(REPLICAS_KEY);
    if (isSubscribed) await subscriber.ping();
    else await subscriber.subscribe(channel);
    isSubscribed = true;
  }

  async function beat(): Promise<void> {
    if (isBeating || isStopped) return;
    isBeating = true;
    try {
      await heartbeat();
      markUp();
    } catch (error) {
      markDown(error);
    } finally {
      isBeating = false;
    }
  }

  for (const connection of connections) {
    connection.on('ready', () => void beat());
    // Emitted for each failed attempt to connect. While Redis is up, the next heartbeat shows whether the error matters.
    connection.on('error', (error) => {
      if (!isUp) reason = reasonOf(error);
    });
    connection.on('close', () => {
      if (isUp) markDown(new Error('The connection was closed.'));
    });
  }
  subscriber.on('close', () => {
    isSubscribed = false;
    mayHaveMissed = true;
  });
  const timer = setInterval(() => void beat(), HEARTBEAT_INTERVAL_MS);

  return {
    isUp: (): boolean => isUp,
    /** See `SharedStore.onReconnect`. */
    onReconnect: (listener: (mayHaveMissed: boolean) => void): void => void listeners.push(listener),
    /** Milliseconds since the Unix epoch, on Redis's clock. */
    now: (): number => performance.now() + clockOffsetMs,
    replicaCount: (): number => Math.max(minReplicas, count),
    /** Call this when a command has failed. */
    markDown,
    /** Resolves when Redis is connected for the first time, or after `timeoutMs`. */
    async connected(timeoutMs: number): Promise<void> {
      const timeout = setTimeout(() => {
        if (!isUp) warn();
        firstConnection.resolve();
      }, timeoutMs);
      await firstConnection.promise;
      clearTimeout(timeout);
    },
    async stop(): Promise<void> {
      // The connections end on purpose: no warning.
      isStopped = true;
      isUp = false;
      clearInterval(timer);
      await commands.zrem(REPLICAS_KEY, self).catch(() => {});
    },
  };
}

/** Why Redis is unavailable. Contains no keys or values: an error reply quotes only the name of a command. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A host name with several addresses has one error for each.
  return error.message || (error instanceof AggregateError ? error.errors.map(reasonOf).join('; ') : error.name);
}
