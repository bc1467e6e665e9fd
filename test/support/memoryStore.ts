import type { Clock } from '../../src/lib/clock.ts';
import { type SharedStore, StoreUnavailableError } from '../../src/cluster/sharedStore.ts';

/** What happens to a command: `late` is carried out, but its reply does not arrive; `lost` is not carried out. Both fail. */
export type CommandOutcome = 'done' | 'late' | 'lost';

export interface MemoryStoreOptions {
  clock: Clock;
  /** The number of replicas that the operator configured. */
  minReplicas?: number;
  /** How long a command takes there and back. */
  latencyMs?: () => number;
}

/** A store for several replicas in one process, which can fail in the ways of a real one. */
export interface MemoryStore {
  /** Connects another replica. */
  connect(options?: ConnectionOptions): MemoryReplica;
  /** Disconnects all replicas. */
  breakAll(): void;
  /** Reconnects all replicas. */
  healAll(): void;
  /** Deletes everything, as a Redis that restarts without a file does. */
  clear(): void;
  entries(): Map<string, string>;
  /** All messages so far. */
  published(): string[];
  put(key: string, value: string): void;
  /** Delivers a message that no replica has published. */
  inject(message: string): void;
}

export interface ConnectionOptions {
  /** The error of this replica's idea of the store's time. */
  clockAheadMs?: number;
  /** How far the replica's own clock is ahead. It uses that until it reaches the store for the first time. */
  ownClockAheadMs?: number;
  isUp?: boolean;
}

/** One replica's connection to the store. */
export interface MemoryReplica extends SharedStore {
  /** Disconnects. `inFlight`: what happens to commands in flight. */
  break(inFlight?: Exclude<CommandOutcome, 'done'>): void;
  heal(mayHaveMissed?: boolean): void;
  /** Chooses the outcome of each command from now on, until `heal`. The first outcome that is not `done` disconnects. */
  decideOutcomes(decide: (command: string, key: string) => CommandOutcome): void;
  /** Delivers no more messages to this replica. */
  dropMessages(): void;
  /** Ends the replica without a goodbye. */
  kill(): void;
}

export function createMemoryStore({ clock, minReplicas = 1, latencyMs = () => 0 }: MemoryStoreOptions): MemoryStore {
  const entries = new Map<string, { value: string; expiresAt: number }>();
  const connections = new Set<MemoryReplica & { receive(message: string): void }>();
  const published: string[] = [];

  function read(key: string): string | null {
    const entry = entries.get(key);
    if (entry !== undefined && entry.expiresAt <= clock.now()) entries.delete(key);
    return entries.get(key)?.value ?? null;
  }

  function write(key: string, value: string | null, ttlMs: number): void {
    if (value === null) entries.delete(key);
    else entries.set(key, { value, expiresAt: clock.now() + Math.max(1, ttlMs) });
  }

  function deliver(message: string): void {
    published.push(message);
    for (const replica of connections) replica.receive(message);
  }

  async function travel(milliseconds: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (milliseconds === 0) resolve();
    else clock.after(milliseconds, resolve);
    return promise;
  }

  function connect({ clockAheadMs = 0, ownClockAheadMs = 0, isUp = true }: ConnectionOptions = {}): MemoryReplica {
    const reconnectListeners: ((mayHaveMissed: boolean) => void)[] = [];
    const messageListeners: ((message: string) => void)[] = [];
    let aheadMs = isUp ? clockAheadMs : clockAheadMs + ownClockAheadMs;
    const state = { isUp, isDead: false, losesMessages: false, breaks: 0, outcomeInFlight: 'late' as CommandOutcome };
    let decide: (command: string, key: string) => CommandOutcome = () => 'done';

    async function run<Reply>(command: string, key: string, work: () => Reply): Promise<Reply> {
      if (!state.isUp || state.isDead) throw new StoreUnavailableError('The store is unavailable.');
      const { breaks } = state;
      const roundTripMs = latencyMs();
      await travel(roundTripMs / 2);
      const outcome = state.breaks === breaks ? decide(command, key) : state.outcomeInFlight;
      const reply = outcome === 'lost' ? null : { value: work() };
      if (outcome !== 'done' && state.breaks === breaks) connection.break();
      await travel(roundTripMs - roundTripMs / 2);
      if (reply === null || outcome !== 'done' || state.breaks !== breaks)
        throw new StoreUnavailableError('The store does not answer.');
      return reply.value;
    }

    const connection: MemoryReplica & { receive(message: string): void } = {
      isUp: () => state.isUp && !state.isDead,
      onReconnect: (listener) => void reconnectListeners.push(listener),
      now: () => clock.now() + aheadMs,
      get: async (key) => run('get', key, () => read(key)),
      set: async (key, value, ttlMs) => run('set', key, () => write(key, value, ttlMs)),
      compareAndSwap: async (key, expected, next, ttlMs) =>
        run('compareAndSwap', key, () => {
          const current = read(key);
          if (current !== expected) return { isSwapped: false, current };
          write(key, next, ttlMs);
          return { isSwapped: true, current: next };
        }),
      getOrLock: async (key, newerThan, lock) =>
        run('getOrLock', key, () => {
          const value = read(key);
          const isNewer = Number(/^{"logical":(\d+)/.exec(value ?? '')?.[1]) > newerThan;
          const isLocked = !isNewer && read(lock.key) === null;
          if (isLocked) write(lock.key, lock.holder, lock.ttlMs);
          return { value, isLocked };
        }),
      publish: async (message) => run('publish', '', () => deliver(message)),
      subscribe: (listener) => void messageListeners.push(listener),
      replicaCount: () => Math.max(minReplicas, [...connections].filter((replica) => replica.isUp()).length),
      break(inFlight = 'late') {
        if (!state.isUp) return;
        state.isUp = false;
        state.breaks += 1;
        state.outcomeInFlight = inFlight;
      },
      heal(mayHaveMissed = true) {
        if (state.isUp || state.isDead) return;
        state.isUp = true;
        aheadMs = clockAheadMs;
        decide = () => 'done';
        for (const listener of reconnectListeners) listener(mayHaveMissed);
      },
      decideOutcomes(nextDecide) {
        decide = nextDecide;
      },
      dropMessages() {
        state.losesMessages = true;
      },
      kill() {
        state.isDead = true;
        connections.delete(connection);
      },
      receive(message) {
        if (!connection.isUp() || state.losesMessages) return;
        for (const listener of messageListeners) queueMicrotask(() => listener(message));
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
    entries: () => new Map([...entries].map(([key, { value }]) => [key, value])),
    published: () => [...published],
    put: (key, value) => write(key, value, 3_600_000),
    inject(message) {
      for (const connection of connections) connection.receive(message);
    },
  };
}
