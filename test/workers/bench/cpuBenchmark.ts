import { createHash } from 'node:crypto';

import { BENCH_QUERIES } from '../../bench/benchQueries.ts';
import type { ReplayUpstream } from '../../bench/benchUpstreams.ts';
import { createHttpClient } from '../../bench/httpClient.ts';
import { type Measurement, measure, type RunSize } from '../../bench/measure.ts';
import { assertSameResults, type RunningServer, stopServer } from '../../bench/runningServers.ts';
import { type ServerProcess, startServerProcess } from '../../bench/serverProcess.ts';
import { envOf, type ServerMode, type ServerSpec, withoutThrottle } from '../../bench/serverSpecs.ts';
import { startWorkerProcess } from './workerProcess.ts';

const KEY = 'key-of-the-benchmark';
/** Cloudflare's plan of a deployment: every caller has a key, which the object checks. Without log and metrics. */
export const GATEWAY_SETTINGS = {
  AUTH: 'api-key',
  API_KEYS: `bench ${createHash('sha256').update(KEY).digest('hex')} livestream:read livestream:write`,
  LOG_LEVEL: 'silent',
  METRICS: 'off',
  SUBSCRIPTIONS_PER_CALLER: '10000',
};
export const KEY_HEADERS = { 'x-api-key': KEY };

/** Answers `{ __typename }` in a Worker, and in an object behind a Worker: the difference is what passing a request on takes. */
const ANSWER = `new Response('{"data":{"__typename":"Query"}}', { headers: { 'content-type': 'application/json' } })`;
const OBJECT = `export class GatewayObject { async fetch(request) { await request.text(); return ${ANSWER}; } }`;
export const FORWARDING_SCRIPT = `${OBJECT}
export default { fetch: (request, env) => env.GATEWAY.getByName('gateway').fetch(request) };`;
const ANSWERING_SCRIPT = `${OBJECT}
export default { async fetch(request) { await request.text(); return ${ANSWER}; } };`;

const MAX_CONCURRENCY = Math.max(...BENCH_QUERIES.map(({ concurrency }) => concurrency));

const createSpec = (name: string, modes: ServerSpec['modes']): ServerSpec =>
  withoutThrottle({ name, description: '', file: 'src/node.ts', env: {}, modes, features: '' });
const NODE = createSpec('node', ['cold', 'warm']);
/** With every request passed on to the object. */
const WORKER = createSpec('worker', ['cold', 'warm']);
/** With the cache of the isolate. */
const ISOLATE = createSpec('isolate', ['warm']);
const FORWARDING = createSpec('forwarding', ['cold']);
const ANSWERING = createSpec('answering', ['cold']);

/** Runs the queries of the benchmark on Node.js and in workerd, in alternating rounds. `script`: the Worker's. */
export async function measureCpu(
  script: string,
  upstream: ReplayUpstream,
  size: RunSize,
  logProgress: (line: string) => void,
): Promise<Measurement[]> {
  const servers: RunningServer[] = [];
  try {
    for (const mode of ['cold', 'warm'] as const) {
      servers.push(await startNode(mode, upstream));
      servers.push(await startWorker(WORKER, mode, script, { ...upstream.env, ISOLATE_CACHE_MS: '0' }));
    }
    servers.push(await startWorker(ISOLATE, 'warm', script, upstream.env));
    await assertSameResults(servers, upstream);
    return await measure(servers, upstream, size, logProgress);
  } finally {
    await Promise.all(servers.map(stopServer));
  }
}

/** Measures what it takes to pass a request on to an object. */
export async function measureForwarding(
  upstream: ReplayUpstream,
  size: RunSize,
  logProgress: (line: string) => void,
): Promise<Measurement[]> {
  const servers: RunningServer[] = [];
  try {
    servers.push(await startWorker(FORWARDING, 'cold', FORWARDING_SCRIPT, {}));
    servers.push(await startWorker(ANSWERING, 'cold', ANSWERING_SCRIPT, {}));
    const typename = BENCH_QUERIES.filter(({ name }) => name === 'typename');
    return await measure(servers, upstream, size, logProgress, typename);
  } finally {
    await Promise.all(servers.map(stopServer));
  }
}

async function startNode(mode: ServerMode, upstream: ReplayUpstream): Promise<RunningServer> {
  const env = { ...upstream.env, ...GATEWAY_SETTINGS, ...envOf(NODE, mode), PORT: '0' };
  return connect(NODE, mode, await startServerProcess(NODE.file, env));
}

async function startWorker(
  spec: ServerSpec,
  mode: ServerMode,
  script: string,
  settings: Record<string, string>,
): Promise<RunningServer> {
  const bindings = { ...GATEWAY_SETTINGS, ...settings, ...envOf(spec, mode) };
  const { origin, cpuMicroseconds, stop } = await startWorkerProcess(script, bindings);
  const usage = async () => ({ cpuMicroseconds: cpuMicroseconds(), allocatedBytes: NaN, residentBytes: NaN });
  return connect(spec, mode, { origin, usage, stop });
}

function connect(spec: ServerSpec, mode: ServerMode, process: ServerProcess): RunningServer {
  return { spec, mode, process, client: createHttpClient(process.origin, MAX_CONCURRENCY, KEY_HEADERS) };
}
