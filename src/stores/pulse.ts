import type { Redis } from 'ioredis';

import type { Log } from '../log.ts';

export interface PulseOptions {
  commands: Redis;
  /** The connection on which messages come. */
  news: Redis;
  channel: string;
  /** How many replicas there are at least, whatever Redis says. */
  replicas: number;
  log: Log;
}

/** Whether Redis can be reached, what time it is there, and how many replicas are. */
export interface Pulse {
  isUp(): boolean;
  onUp(listener: () => void): void;
  /** Milliseconds since the Unix epoch, by Redis's clock. */
  now(): number;
  replicas(): number;
  /** A command has failed. */
  lost(error: unknown): void;
  /** Resolves when Redis can be reached for the first time, or after so many milliseconds. */
  opened(milliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

/** How often Redis is asked whether it is there, in milliseconds. */
const BEAT = 1000;
/** For how long a replica counts that has not been heard of, in milliseconds. */
const COUNTED = 10_000;
/** Who uses this Redis, whichever app is served: they may share a token. */
const REPLICAS = 'realtimekit-graphql 1 replicas';

export function createPulse({ commands, news, channel, replicas, log }: PulseOptions): Pulse {
  const self = crypto.randomUUID();
  const listeners: (() => void)[] = [];
  const first = Promise.withResolvers<void>();
  let isUp = false;
  let isSubscribed = false;
  let ahead = 0;
  let count = 0;
  let isBeating = false;
  let isOver = false;
  /** Why Redis could not be reached the last time. */
  let reason = 'It cannot be reached.';

  function lost(error: unknown): void {
    if (!isUp || isOver) return;
    isUp = false;
    warn(reasonOf(error));
  }

  function warn(why: string): void {
    const fields = { reason: why };
    log('warn', 'Redis is away: this replica goes on with its own memory and a part of the budget.', fields);
  }

  function found(): void {
    if (isUp || isOver) return;
    isUp = true;
    log('info', 'Redis is there.');
    first.resolve();
    for (const listener of listeners) listener();
  }

  /** Says that this replica is, and learns who else is and what time it is there. */
  async function beat(): Promise<void> {
    const sentAt = Date.now();
    const [seconds = 0, microseconds = 0] = (await commands.time()).map(Number);
    const now = seconds * 1000 + microseconds / 1000;
    ahead = now - (sentAt + Date.now()) / 2;
    await commands.zadd(REPLICAS, now, self);
    await commands.zremrangebyscore(REPLICAS, 0, now - COUNTED);
    await commands.pexpire(REPLICAS, COUNTED);
    count = await commands.zcard(REPLICAS);
    if (isSubscribed) await news.ping();
    else await news.subscribe(channel);
    isSubscribed = true;
  }

  async function beatOnce(): Promise<void> {
    if (isBeating || isOver) return;
    isBeating = true;
    try {
      await beat();
      found();
    } catch (error) {
      lost(error);
    } finally {
      isBeating = false;
    }
  }

  for (const connection of [commands, news]) {
    connection.on('ready', () => void beatOnce());
    // Each failure to connect; what follows from it shows at the next beat.
    connection.on('error', (error) => {
      reason = reasonOf(error);
    });
    connection.on('close', () => lost(new Error('The connection is closed.')));
  }
  news.on('close', () => {
    isSubscribed = false;
  });
  const timer = setInterval(() => void beatOnce(), BEAT);

  return {
    isUp: () => isUp,
    onUp: (listener) => void listeners.push(listener),
    now: () => Date.now() + ahead,
    replicas: () => Math.max(replicas, count),
    lost,
    async opened(milliseconds) {
      const patience = setTimeout(() => {
        if (!isUp) warn(reason);
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

/** In Redis's or the system's words, which tell no password. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Where a name has several addresses, each has an error of its own.
  return error.message || (error instanceof AggregateError ? error.errors.map(reasonOf).join('; ') : error.name);
}
