import { setTimeout as wait } from 'node:timers/promises';

import { request } from 'undici';

import { increment } from './counters.ts';
import { type ReplicaProcess, startReplicaProcess, type StopSignal } from './replicaProcess.ts';

/** Like the health checks of a load balancer. */
const HEALTH_CHECK_INTERVAL_MS = 200;
const HEALTH_CHECK_TIMEOUT_MS = 1000;
const READY_TIMEOUT_MS = 60_000;

/** Several replicas behind a load balancer. */
export interface ReplicaSet {
  /** The control replica is never stopped, so that its resources can be compared over time. */
  control: ReplicaProcess;
  /** Returns the next ready replica, round robin. */
  pick(): ReplicaProcess;
  /**
   * Stops the replica that `index` selects (never the control), and starts a new one `downMs` after its exit. Does nothing if that
   * replica is already being restarted.
   */
  restart(signal: StopSignal, index: number, downMs: number): Promise<void>;
  /** Resolves when all replicas are ready, or after `READY_TIMEOUT_MS`. */
  waitUntilReady(): Promise<void>;
  /** The number of restarts by signal. */
  restarts: ReadonlyMap<string, number>;
  /** Descriptions of replicas that exited unexpectedly, exited with an error, or failed to start. */
  failures: readonly string[];
  /** The number of log lines of level `error` or above, by message, of all replicas since the start. */
  loggedErrors(): Map<string, number>;
  stop: () => Promise<void>;
}

export async function startReplicaSet(size: number, env: Record<string, string>): Promise<ReplicaSet> {
  const failures: string[] = [];
  const restarts = new Map<string, number>();
  const all: ReplicaProcess[] = [];
  const running = new Set<ReplicaProcess>();
  const ready = new Set<ReplicaProcess>();
  /** Null while a slot's replica is stopping or stopped. */
  const slots: (ReplicaProcess | null)[] = [];
  let picks = 0;

  async function start(slot: number): Promise<ReplicaProcess> {
    const replica = await startReplicaProcess(slot === 0 ? 'control' : `replica ${slot}`, env);
    all.push(replica);
    running.add(replica);
    slots[slot] = replica;
    void replica.unexpectedExit.then((description) => {
      slots[slot] = null;
      remove(replica);
      return failures.push(description);
    });
    return replica;
  }

  function remove(replica: ReplicaProcess): void {
    running.delete(replica);
    ready.delete(replica);
  }

  async function checkHealth(): Promise<void> {
    // Replicas that are draining count as running: a load balancer also learns of the drain only from the health check.
    const checked = [...running];
    const results = await Promise.all(checked.map(isReady));
    for (const [index, replica] of checked.entries()) {
      if (results[index] === true && running.has(replica)) ready.add(replica);
      else ready.delete(replica);
    }
  }

  const starting = Array.from({ length: size }, async (_, slot) => start(slot));
  const [control] = await Promise.all(starting).catch(async (error: unknown) => {
    await Promise.allSettled(starting);
    await Promise.all(all.map(async (replica) => replica.stop('SIGKILL')));
    throw error;
  });
  if (control === undefined) throw new Error('A replica set must have at least one replica.');
  await checkHealth();
  const stopping = new AbortController();
  const healthChecks = (async () => {
    for (; !stopping.signal.aborted; await wait(HEALTH_CHECK_INTERVAL_MS)) await checkHealth();
  })();

  return {
    control,
    pick() {
      picks += 1;
      // If all health checks fail, try any replica that is not being stopped.
      const candidates = ready.size > 0 ? [...ready] : slots.filter((replica) => replica !== null);
      return candidates[picks % candidates.length] ?? control;
    },
    async restart(signal, index, downMs) {
      const slot = 1 + (index % (size - 1));
      const replica = slots[slot];
      if (replica == null) return;
      slots[slot] = null;
      increment(restarts, signal);
      const problem = await replica.stop(signal);
      remove(replica);
      if (problem !== null) failures.push(problem);
      await wait(downMs);
      if (!stopping.signal.aborted) await start(slot).catch((error: unknown) => failures.push(String(error)));
    },
    async waitUntilReady() {
      const timeoutAt = performance.now() + READY_TIMEOUT_MS;
      while (ready.size < size && performance.now() < timeoutAt) await wait(HEALTH_CHECK_INTERVAL_MS);
    },
    restarts,
    failures,
    loggedErrors() {
      const errors = new Map<string, number>();
      for (const replica of all) for (const [message, count] of replica.loggedErrors) increment(errors, message, count);
      return errors;
    },
    async stop() {
      stopping.abort();
      await healthChecks;
      await Promise.all(slots.map(async (replica) => replica?.stop('SIGKILL')));
    },
  };
}

async function isReady({ origin }: ReplicaProcess): Promise<boolean> {
  try {
    const { statusCode, body } = await request(`${origin}/ready`, {
      // Close the connection: otherwise it would count among the replica's open sockets.
      reset: true,
      signal: AbortSignal.timeout(HEALTH_CHECK_TIMEOUT_MS),
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}
