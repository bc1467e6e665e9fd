import type { Redis } from 'ioredis';

import type { Log } from '../lib/log.ts';

export interface RedisHealthOptions {
  commands: Redis;
  /** The connection on which messages come. */
  subscriber: Redis;
  channel: string;
  /** How many replicas there are at least, whatever Redis says. */
  minReplicas: number;
  log: Log;
}

/** Whether Redis can be reached, what time it is there, and how many replicas are. */
export interface RedisHealth {
  isUp(): boolean;
  onUp(listener: (mayHaveMissed: boolean) => void): void;
  /** Milliseconds since the Unix epoch, by Redis's clock. */
  now(): number;
  replicaCount(): number;
  /** A command has failed. */
  markDown(error: unknown): void;
  /** Resolves when Redis can be reached for the first time, or after so many milliseconds. */
  opened(milliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** How often Redis is asked whether it is there, in milliseconds. */
const HEARTBEAT_MS = 1000;
/** Milliseconds: whoever is lost sooner after it was found is believed later the next time. */
const STABLE_AFTER_MS = 10_000;
/** How much later, in milliseconds: twice as much each time. */
const MIN_FLAP_BACKOFF_MS = 1000;
const MAX_FLAP_BACKOFF_MS = 30_000;
/** For how long a replica counts that has not been heard of, in milliseconds. */
const COUNTED = 10_000;
/** Who uses this Redis, whichever app is served: they may share a token. */
const REPLICAS = 'realtimekit-graphql 1 replicas';

export function createRedisHealth({
  commands,
  subscriber,
  channel,
  minReplicas,
  log,
}: RedisHealthOptions): RedisHealth {
  const self = crypto.randomUUID();
  const listeners: ((hasMissed: boolean) => void)[] = [];
  const first = Promise.withResolvers<void>();
  let isUp = false;
  let isSubscribed = false;
  /** Whether messages may have gone by since it was there the last time. */
  let hasMissed = true;
  let clockOffsetMs = 0;
  let count = 0;
  let isBeating = false;
  let isOver = false;
  let foundAt = -Infinity;
  let lostAt = -Infinity;
  let flapBackoffMs = 0;
  let reason = 'It does not answer.';

  function markDown(error: unknown): void {
    if (isOver) return;
    const isAnswer = error instanceof Error && error.name === 'ReplyError';
    if (isUp || isAnswer) reason = wordsOf(error);
    if (isAnswer && reason.startsWith('READONLY')) findAnother();
    if (!isUp) return;
    isUp = false;
    lostAt = performance.now();
    // All that is kept is void whenever it is found: one that comes and goes would cost more than one that is away.
    flapBackoffMs =
      lostAt - foundAt < STABLE_AFTER_MS
        ? Math.min(Math.max(MIN_FLAP_BACKOFF_MS, 2 * flapBackoffMs), MAX_FLAP_BACKOFF_MS)
        : 0;
    warn();
  }

  /** After a failover this one is not the primary any more, which is where the address leads now. */
  function findAnother(): void {
    commands.disconnect(true);
    subscriber.disconnect(true);
  }

  function warn(): void {
    log('warn', 'Redis is away: this replica goes on with its own memory and a part of the budget.', { reason });
  }

  function markUp(): void {
    if (isUp || isOver || performance.now() - lostAt < flapBackoffMs) return;
    isUp = true;
    foundAt = performance.now();
    log('info', 'Redis is there.');
    first.resolve();
    for (const listener of listeners) listener(hasMissed);
    hasMissed = false;
  }

  /** Says that this replica is, and learns who else is and what time it is there. */
  async function heartbeat(): Promise<void> {
    const sentAt = Date.now();
    const [seconds = 0, microseconds = 0] = (await commands.time()).map(Number);
    const now = seconds * 1000 + microseconds / 1000;
    clockOffsetMs = now - (sentAt + Date.now()) / 2;
    await commands.zadd(REPLICAS, now, self);
    await commands.zremrangebyscore(REPLICAS, 0, now - COUNTED);
    await commands.pexpire(REPLICAS, COUNTED);
    count = await commands.zcard(REPLICAS);
    if (isSubscribed) await subscriber.ping();
    else await subscriber.subscribe(channel);
    isSubscribed = true;
  }

  async function beatOnce(): Promise<void> {
    if (isBeating || isOver) return;
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

  for (const connection of [commands, subscriber]) {
    connection.on('ready', () => void beatOnce());
    // Each failure to connect; while it is there, what follows from it shows at the next beat.
    connection.on('error', (error) => {
      if (!isUp) reason = wordsOf(error);
    });
    connection.on('close', () => {
      if (isUp) markDown(new Error('The connection is closed.'));
    });
  }
  subscriber.on('close', () => {
    isSubscribed = false;
    hasMissed = true;
  });
  const timer = setInterval(() => void beatOnce(), HEARTBEAT_MS);

  return {
    isUp: () => isUp,
    onUp: (listener) => void listeners.push(listener),
    now: () => Date.now() + clockOffsetMs,
    replicaCount: () => Math.max(minReplicas, count),
    markDown,
    async opened(milliseconds) {
      const patience = setTimeout(() => {
        if (!isUp) warn();
        first.resolve();
      }, milliseconds);
      await first.promise;
      clearTimeout(patience);
    },
    async stop() {
      // That the connections end is no news.
      isOver = true;
      isUp = false;
      clearInterval(timer);
      await commands.zrem(REPLICAS, self).catch(() => {});
    },
  };
}

/** Why it is away. No value is in it: Redis repeats none but a command's name. */
function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Where a name has several addresses, each has an error of its own.
  return error.message || (error instanceof AggregateError ? error.errors.map(wordsOf).join('; ') : error.name);
}
