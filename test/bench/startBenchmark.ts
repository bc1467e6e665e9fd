import { spawn } from 'node:child_process';
import { once } from 'node:events';

import type { BenchUpstream } from './benchUpstreams.ts';
import { createHttpClient } from './httpClient.ts';
import { PROJECT_ROOT, waitForOrigin } from './serverProcess.ts';

/** `source` is `npm start`, with a filled compile cache; `bundle` is what the container runs. */
const PROGRAMS = { naive: 'test/bench/servers/naive.ts', source: 'src/start.ts', bundle: 'dist/gateway.js' };

/** How long a program takes from the start of its process to its first answer. */
export interface StartMeasurement {
  program: keyof typeof PROGRAMS;
  /** One value for each round. */
  durationsMs: number[];
}

/** Builds the bundle, then starts the programs in turn, with their default settings. */
export async function measureStarts(
  upstream: BenchUpstream,
  rounds: number,
  logProgress: (line: string) => void,
): Promise<StartMeasurement[]> {
  logProgress('measuring the start');
  await build();
  const measurements = (['naive', 'source', 'bundle'] as const).map((program): StartMeasurement => {
    return { program, durationsMs: [] };
  });
  // Fills the caches of Node and the operating system.
  for (const { program } of measurements) await measureStart(PROGRAMS[program], upstream);
  for (let round = 0; round < rounds; round += 1)
    for (const { program, durationsMs } of measurements)
      durationsMs.push(await measureStart(PROGRAMS[program], upstream));
  return measurements;
}

async function build(): Promise<void> {
  const child = spawn('npm', ['run', 'build', '--silent'], {
    cwd: PROJECT_ROOT,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'exit');
  if (child.exitCode !== 0) throw new Error('npm run build failed.');
}

/** Returns the time from the start of the process to the answer of `{ __typename }`, in milliseconds. */
async function measureStart(file: string, upstream: BenchUpstream): Promise<number> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [file], {
    cwd: PROJECT_ROOT,
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', PORT: '0', ...upstream.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit');
  try {
    const client = createHttpClient(await waitForOrigin(child, file), 1);
    const { status, text } = await client.post('{"query":"{ __typename }"}');
    const durationMs = performance.now() - startedAt;
    await client.close();
    if (status === 200 && text.includes('"Query"')) return durationMs;
    throw new Error(`${file} responded with ${status}: ${text}`);
  } finally {
    // Node writes the compile cache when the program exits by itself.
    child.kill('SIGTERM');
    await exited;
  }
}
