import type { Clock } from '../../src/lib/clock.ts';
import { type SharedStore, StoreUnavailableError } from '../../src/cluster/sharedStore.ts';

/** What becomes of one command: `late`: it is carried out though whoever asked is told that the store is away; `lost`: it is not. */
export type CommandOutcome = 'done' | 'late' | 'lost';

export interface MemoryStoreOptions {
  clock: Clock;
  /** What the operator said. */
  replicaCount?: number;
  /** How long a command takes there and back, in milliseconds. */
  latencyMs?: () => number;
}

/** A store for several replicas in one process, which can be broken in the ways of a real one. */
export interface MemoryStore {
  /** Another replica's connection to it. */
  connect(options?: ConnectionOptions): MemoryReplica;
  /** Nobody reaches it any more. */
  breakAll(): void;
  healAll(): void;
  /** Everything in it is gone. */
  clear(): void;
  /** How many replicas the operator says there are. */
  setReplicaCount(count: number): void;
  /** All that is kept, and all that was published so far. */
  entries(): Map<string, string>;
  published(): string[];
  put(key: string, value: string): void;
  /** Somebody else's message. */
  inject(message: string): void;
}

export interface ConnectionOptions {
  /** How wrong this replica is about the store's time, in milliseconds. */
  clockAheadMs?: number;
  isUp?: boolean;
}

/** One replica's view of the store. */
export interface MemoryReplica extends SharedStore {
  /** It cannot be reached from here any more; what is under way is carried out, or is not. */
  break(underWay?: Exclude<CommandOutcome, 'done'>): void;
  heal(hasMissed?: boolean): void;
  /** What becomes of the commands from now on; the first that is not done shows that the store is away. */
  decideOutcomes(fate: (command: string, key: string) => CommandOutcome): void;
  /** Messages to this replica: they come, or wait until they come again, or are lost. */
  setDelivery(way: 'come' | 'wait' | 'lost'): void;
  /** It is no more: nothing is heard of it. */
  die(): void;
}

export function createMemoryStore({ clock, latencyMs = () => 0, ...options }: MemoryStoreOptions): MemoryStore {
  const entries = new Map<string, { value: string; until: number }>();
  const connections = new Set<MemoryReplica & { hear(message: string): void }>();
  const published: string[] = [];
  let least = options.replicaCount ?? 1;

  function read(key: string): string | null {
    const entry = entries.get(key);
    if (entry !== undefined && entry.until <= clock.now()) entries.delete(key);
    return entries.get(key)?.value ?? null;
  }

  function write(key: string, value: string | null, milliseconds: number): void {
    if (value === null) entries.delete(key);
    else entries.set(key, { value, until: clock.now() + Math.max(1, milliseconds) });
  }

  async function way(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (milliseconds === 0) resolve();
    else clock.after(milliseconds, resolve);
    return promise;
  }

  function connect({ clockAheadMs = 0, isUp = true }: ConnectionOptions = {}): MemoryReplica {
    const up: ((hasMissed: boolean) => void)[] = [];
    const listeners: ((message: string) => void)[] = [];
    const state = { isUp, isDead: false, since: 0, fateOfRest: 'late' as CommandOutcome, waiting: [] as string[] };
    let decide: (command: string, key: string) => CommandOutcome = () => 'done';
    let messagesAre: 'come' | 'wait' | 'lost' = 'come';

    async function ask<Reply>(command: string, key: string, work: () => Reply): Promise<Reply> {
      if (!state.isUp || state.isDead) throw new StoreUnavailableError('It is away.');
      const { since } = state;
      const takes = latencyMs();
      await way(takes / 2);
      const fate = state.since === since ? decide(command, key) : state.fateOfRest;
      const reply = fate === 'lost' ? null : { of: work() };
      if (fate !== 'done' && state.since === since) connection.break();
      await way(takes - takes / 2);
      if (reply === null || fate !== 'done' || state.since !== since)
        throw new StoreUnavailableError('It does not answer.');
      return reply.of;
    }

    const connection: MemoryReplica & { hear(message: string): void } = {
      isUp: () => state.isUp && !state.isDead,
      onReconnect: (listener) => void up.push(listener),
      now: () => clock.now() + clockAheadMs,
      get: async (key) => ask('get', key, () => read(key)),
      set: async (key, value, milliseconds) => ask('set', key, () => write(key, value, milliseconds)),
      compareAndSwap: async (key, before, after, milliseconds) =>
        ask('swap', key, () => {
          const current = read(key);
          if (current !== before) return { isSwapped: false, current };
          write(key, after, milliseconds);
          return { isSwapped: true, current: after };
        }),
      publish: async (message) =>
        ask('publish', '', () => {
          published.push(message);
          for (const other of connections) other.hear(message);
        }),
      subscribe: (listener) => void listeners.push(listener),
      replicaCount: () => Math.max(least, [...connections].filter((one) => one.isUp()).length),
      break(underWay = 'late') {
        if (!state.isUp) return;
        state.isUp = false;
        state.since += 1;
        state.fateOfRest = underWay;
        state.waiting = [];
      },
      heal(hasMissed = true) {
        if (state.isUp || state.isDead) return;
        state.isUp = true;
        decide = () => 'done';
        for (const listener of up) listener(hasMissed);
      },
      decideOutcomes(fate) {
        decide = fate;
      },
      setDelivery(now) {
        messagesAre = now;
        if (now === 'come') for (const message of state.waiting.splice(0)) connection.hear(message);
      },
      die() {
        state.isDead = true;
        connections.delete(connection);
      },
      hear(message) {
        if (!connection.isUp() || messagesAre === 'lost') return;
        if (messagesAre === 'wait') state.waiting.push(message);
        else for (const listener of listeners) queueMicrotask(() => listener(message));
      },
    };
    connections.add(connection);
    return connection;
  }

  return {
    connect,
    breakAll: () => connections.forEach((connection) => connection.break()),
    healAll: () => connections.forEach((connection) => connection.heal()),
    clear: () => entries.clear(),
    setReplicaCount(count) {
      least = count;
    },
    entries: () => new Map([...entries].map(([key, { value }]) => [key, value])),
    published: () => [...published],
    put: (key, value) => write(key, value, 3_600_000),
    inject(message) {
      for (const connection of connections) connection.hear(message);
    },
  };
}
