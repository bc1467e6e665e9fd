import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { afterEach, describe, expect, test } from 'vitest';

import { at, nonNull } from '../support/gateway.ts';
import { loadedParts, REPORT_LOADED_PARTS } from '../support/loadedParts.ts';
import { PROGRAM_ENVIRONMENT } from '../support/program.ts';
import { IS_BUNDLED, PROGRAMS } from '../support/programs.ts';
import { startCollector } from './collector.ts';

const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

/** Starts the real program and collects stdout and stderr (its log) separately. */
async function start(settings: Record<string, string> = {}) {
  const env = { ...PROGRAM_ENVIRONMENT, ...settings };
  const child = spawn(process.execPath, ['--import', REPORT_LOADED_PARTS, PROGRAMS.gateway], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (chunk: Buffer) => {
      printed[name] += chunk.toString();
    });
  await expect.poll(() => printed.stdout, { interval: 10, timeout: 15_000 }).toContain('has ended');
  const [, address = ''] = /(http:\S+)\/graphql\n/.exec(printed.stdout) ?? [];
  return {
    address,
    async send(query: string, headers: Record<string, string> = {}): Promise<Response> {
      const json = { 'content-type': 'application/json' };
      return fetch(`${address}/graphql`, {
        method: 'POST',
        headers: { ...json, ...headers },
        body: JSON.stringify({ query }),
      });
    },
    /** Shuts the program down. Returns its exit code, its log and the optional parts that it had loaded. */
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'close');
      const lines = printed.stderr.split('\n').filter((line) => line !== '');
      return { code: child.exitCode, lines, loaded: loadedParts(printed.stdout) };
    },
  };
}

describe("the program's log", () => {
  test('has a line of JSON for each event, including the last ones before the exit', async () => {
    const program = await start();
    const response = await program.send('query Last { livestreams(first: 1) { totalCount } }');
    await response.text();
    const { code, lines } = await program.stop();
    expect(code).toBe(0);
    const line: unknown = JSON.parse(nonNull(lines.find((text) => text.includes('"Last"'))));
    expect(line).toMatchObject({
      level: 'info',
      msg: 'Operation completed.',
      operation: 'Last',
      requestId: response.headers.get('x-request-id'),
      upstreamRequests: 1,
    });
    expect(at(line, 'time')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Object.keys(typeof line === 'object' && line !== null ? line : {})).not.toContain('pid');
  });

  test.each(['warn', 'error', 'silent'])('contains no operations with LOG_LEVEL=%s', async (level) => {
    const program = await start({ LOG_LEVEL: level });
    await (await program.send('{ __typename }')).text();
    expect((await program.stop()).lines.filter((line) => line.includes('"info"'))).toEqual([]);
  });
});

describe("the program's metrics", () => {
  test("include the number of WebSockets and Node's own metrics", async () => {
    const program = await start();
    const text = await (await fetch(`${program.address}/metrics`)).text();
    expect(text).toMatch(/^realtimekit_graphql_websockets 0$/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect((await program.stop()).code).toBe(0);
  });

  test('are not served, and their package is not loaded, with METRICS=off', async () => {
    const program = await start({ METRICS: 'off' });
    expect((await fetch(`${program.address}/metrics`)).status).toBe(404);
    expect((await program.stop()).loaded).toEqual(['sandbox']);
  });
});

describe("the program's traces", () => {
  test('load no package but the API if no collector is configured', async () => {
    const program = await start();
    await (await program.send('{ livestreams(first: 1) { totalCount } }')).text();
    // prom-client imports the API for its exemplars; in the bundle, the API has no file of its own.
    const parts = IS_BUNDLED ? ['metrics', 'sandbox'] : ['metrics', 'opentelemetry api', 'sandbox'];
    expect((await program.stop()).loaded).toEqual(parts);
  });

  test('are sent before the program exits', async () => {
    const collector = await startCollector();
    const program = await start({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces` });
    await (await program.send('query Traced { livestreams(first: 1) { totalCount } }')).text();
    const { code, loaded } = await program.stop();
    expect(code).toBe(0);
    expect(loaded).toContain('tracing');
    expect(collector.spans().map(({ name }) => name)).toEqual(['GET /livestreams', 'query Traced']);
    expect(collector.resources()[0]).toMatchObject({ 'service.name': 'realtimekit-graphql' });
    expect(collector.text()).not.toMatch(/sandbox-(token|account|app)/);
  });

  test.each([
    ['is unreachable', async () => 'http://127.0.0.1:9'],
    ['sends no response', async () => (await startCollector({ sendsResponses: false })).url],
  ])('delay neither responses nor the exit if the collector %s', async (_case, urlOf) => {
    const program = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: await urlOf() });
    expect((await program.send('{ livestreams(first: 1) { totalCount } }')).status).toBe(200);
    const startedAt = performance.now();
    expect((await program.stop()).code).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
