import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';

import { Miniflare } from 'miniflare';

import { freePort } from '../../support/ports.ts';
import { CLASS, FIRST, workerOptions } from '../deployed/workerOptions.ts';

/** A Worker in a process of workerd, Cloudflare's runtime. */
export interface WorkerProcess {
  /** URL without a path. */
  origin: string;
  /** User and system time of all threads since the start of the process. The kernel counts it in steps of 10 ms. */
  cpuMicroseconds: () => number;
  /** The time since the start of the process, in steps of 10 ms. */
  ageMs: () => number;
  /** Removes the gateway's object from memory. Rejects if the object has something to do. */
  evict: () => Promise<void>;
  /** Ends the process, whatever it is doing, and starts another one at the same address with what was written to disk. */
  restart: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Runs a script as the Worker that wrangler.jsonc describes. Resolves when workerd listens. */
export async function startWorkerProcess(script: string, bindings: Record<string, string>): Promise<WorkerProcess> {
  const folder = await mkdtemp(`${tmpdir()}/workers-`);
  const earlier = new Set(findWorkerdProcesses());
  const port = await freePort();
  const options = {
    workers: [workerOptions(FIRST, { bindings, script, port })],
    durableObjectsPersist: folder,
    handleStructuredLogs({ level, message }: { level: string; message: string }): void {
      if (level === 'error') process.stderr.write(`${message}\n`);
    },
  };
  const miniflare = new Miniflare(options);
  await miniflare.ready;
  const pid = findWorkerdProcesses().find((candidate) => !earlier.has(candidate));
  if (pid === undefined) throw new Error('There is no process of workerd.');
  return {
    origin: `http://127.0.0.1:${port}`,
    cpuMicroseconds: () => readStatistics(pid).cpuMicroseconds,
    ageMs: () => readStatistics(pid).ageMs,
    evict: async () => miniflare.unsafeEvictDurableObject(FIRST, CLASS, { name: 'gateway', webSockets: 'close' }),
    restart: async () => miniflare.setOptions(options),
    stop: async () => {
      await miniflare.dispose();
      await rm(folder, { recursive: true });
    },
  };
}

/** The ids of this process's children that run workerd. */
function findWorkerdProcesses(): number[] {
  const threads = readdirSync('/proc/self/task');
  const children = threads.flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, 'utf8').split(' ').filter(Boolean),
  );
  return children.filter((id) => readFileSync(`/proc/${id}/comm`, 'utf8').trim() === 'workerd').map(Number);
}

/** Linux's unit of time in /proc (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html). */
const TICK_MS = 10;

function readStatistics(pid: number): { cpuMicroseconds: number; ageMs: number } {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The fields behind the name, of which the first is the third of the line.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = (number: number): number => Number(fields[number - 3]);
  const uptimeMs = 1000 * Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
  return {
    cpuMicroseconds: (ticks(14) + ticks(15)) * TICK_MS * 1000,
    ageMs: uptimeMs - ticks(22) * TICK_MS,
  };
}
