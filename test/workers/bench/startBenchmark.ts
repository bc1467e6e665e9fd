import { createHttpClient } from '../../bench/httpClient.ts';
import { FORWARDING_SCRIPT, GATEWAY_SETTINGS, KEY_HEADERS } from './cpuBenchmark.ts';
import { startWorkerProcess, type WorkerProcess } from './workerProcess.ts';

/** One value for each start of a process of workerd. */
export interface WorkerStarts {
  /** The process's CPU time when it listens: workerd has compiled and run the script. */
  readyCpuMs: number[];
  /** From the start of the process to the first answer. */
  firstAnswerMs: number[];
}

/** One value for each answer to `{ __typename }`. */
export interface ObjectStarts {
  /** The first answer after the object was evicted. */
  evictedMs: number[];
  /** The one after that. */
  runningMs: number[];
}

export interface StartResults {
  gateway: WorkerStarts;
  /** A script that passes requests on to an object, too, which only answers: what workerd itself needs. */
  empty: WorkerStarts;
  objects: ObjectStarts;
}

const QUERY = '{"query":"{ __typename }"}';

/** Starts the gateway's Worker and an empty one in turn, and then evicts the gateway's object as often. */
export async function measureWorkerStarts(
  script: string,
  env: Record<string, string>,
  rounds: number,
  logProgress: (line: string) => void,
): Promise<StartResults> {
  logProgress('measuring the start');
  const results: StartResults = {
    gateway: { readyCpuMs: [], firstAnswerMs: [] },
    empty: { readyCpuMs: [], firstAnswerMs: [] },
    objects: { evictedMs: [], runningMs: [] },
  };
  const bindings = { ...env, ...GATEWAY_SETTINGS };
  for (let round = 0; round < rounds; round += 1) {
    await measureStart(FORWARDING_SCRIPT, bindings, results.empty);
    await measureStart(script, bindings, results.gateway);
  }
  const worker = await startWorkerProcess(script, bindings);
  try {
    for (let round = 0; round < rounds; round += 1) await measureEviction(worker, results.objects);
  } finally {
    await worker.stop();
  }
  return results;
}

async function measureStart(
  script: string,
  bindings: Record<string, string>,
  { readyCpuMs, firstAnswerMs }: WorkerStarts,
): Promise<void> {
  const worker = await startWorkerProcess(script, bindings);
  try {
    readyCpuMs.push(worker.cpuMicroseconds() / 1000);
    await ask(worker);
    firstAnswerMs.push(worker.ageMs());
  } finally {
    await worker.stop();
  }
}

async function measureEviction(worker: WorkerProcess, { evictedMs, runningMs }: ObjectStarts): Promise<void> {
  await ask(worker);
  await worker.evict();
  evictedMs.push(await ask(worker));
  runningMs.push(await ask(worker));
}

/** Returns how long the answer took, over a new connection. */
async function ask({ origin }: WorkerProcess): Promise<number> {
  const client = createHttpClient(origin, 1, KEY_HEADERS);
  try {
    const { status, text, durationMs } = await client.post(QUERY);
    if (status === 200 && text.includes('"Query"')) return durationMs;
    throw new Error(`The Worker responded with ${status}: ${text}`);
  } finally {
    await client.close();
  }
}
