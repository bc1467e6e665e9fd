import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

import { afterEach, describe, expect, test } from 'vitest';

import { at, present } from '../support/gateway.ts';
import { startCollector } from './collector.ts';

const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

/** Tells, when the program ends, which of the modules that only some settings need were loaded. */
const SPY = `data:text/javascript,${encodeURIComponent(`
import { registerHooks } from 'node:module';
const loaded = new Set();
registerHooks({
  load(url, context, next) {
    const [, name] = /node_modules\\/((?:@[^/]+\\/)?[^/]+)\\/(?!.*node_modules)/.exec(url) ?? [];
    if (/^(@opentelemetry\\/|prom-client$|pino$)/.test(name)) loaded.add(name);
    return next(url, context);
  },
});
process.on('exit', () => console.log('LOADED ' + JSON.stringify([...loaded].sort())));
`)}`;

/** The real program, its log and the rest of what it prints apart. */
async function start(settings: Record<string, string> = {}) {
  const env = { PATH: process.env['PATH'], PORT: '0', SANDBOX_PORT: '0', ...settings };
  const child = spawn(process.execPath, ['--import', SPY, 'src/node.ts'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
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
    async ask(query: string, headers: Record<string, string> = {}): Promise<Response> {
      const json = { 'content-type': 'application/json' };
      return fetch(`${address}/graphql`, {
        method: 'POST',
        headers: { ...json, ...headers },
        body: JSON.stringify({ query }),
      });
    },
    /** Tells it to end; gives its exit code, what it logged and which modules it had loaded. */
    async end() {
      child.kill('SIGTERM');
      await once(child, 'close');
      const lines = printed.stderr.split('\n').filter((line) => line !== '');
      const [, loaded = ''] = /LOADED (.*)/.exec(printed.stdout) ?? [];
      return { code: child.exitCode, lines, loaded: JSON.parse(loaded) as unknown };
    },
  };
}

describe('the log of the program', () => {
  test('is JSON, a line for each event, and none is lost when the program ends', async () => {
    const program = await start();
    const answer = await program.ask('query Last { livestreams(first: 1) { totalCount } }');
    await answer.text();
    const { code, lines } = await program.end();
    expect(code).toBe(0);
    const line: unknown = JSON.parse(present(lines.find((one) => one.includes('"Last"'))));
    expect(line).toMatchObject({
      level: 'info',
      msg: 'Operation completed.',
      operation: 'Last',
      requestId: answer.headers.get('x-request-id'),
      upstreamRequests: 1,
    });
    expect(at(line, 'time')).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Object.keys(typeof line === 'object' && line !== null ? line : {})).not.toContain('pid');
  });

  test.each(['warn', 'error', 'silent'])('tells no operations with LOG_LEVEL=%s', async (level) => {
    const program = await start({ LOG_LEVEL: level });
    await (await program.ask('{ __typename }')).text();
    expect((await program.end()).lines.filter((line) => line.includes('"info"'))).toEqual([]);
  });
});

describe('the metrics of the program', () => {
  test('are there, Node’s own with them', async () => {
    const program = await start();
    const text = await (await fetch(`${program.address}/metrics`)).text();
    expect(text).toMatch(/^realtimekit_graphql_websockets 0$/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect((await program.end()).code).toBe(0);
  });

  test('are not there with METRICS=off', async () => {
    const program = await start({ METRICS: 'off' });
    expect((await fetch(`${program.address}/metrics`)).status).toBe(404);
    expect((await program.end()).loaded).toEqual(['pino']);
  });
});

describe('the traces of the program', () => {
  test('cost nothing where no collector is named: nothing that makes or sends them is loaded', async () => {
    const program = await start();
    await (await program.ask('{ livestreams(first: 1) { totalCount } }')).text();
    // The types that all agree on come with `prom-client`, which could link its metrics to traces.
    expect((await program.end()).loaded).toEqual(['@opentelemetry/api', 'pino', 'prom-client']);
  });

  test('are sent before it ends', async () => {
    const collector = await startCollector();
    const program = await start({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces` });
    await (await program.ask('query Traced { livestreams(first: 1) { totalCount } }')).text();
    const { code, loaded } = await program.end();
    expect(code).toBe(0);
    expect(loaded).toContain('@opentelemetry/sdk-trace');
    expect(collector.spans().map(({ name }) => name)).toEqual(['GET /livestreams', 'query Traced']);
    expect(collector.resources()[0]).toMatchObject({ 'service.name': 'realtimekit-graphql' });
    expect(collector.text()).not.toMatch(/sandbox-(token|account|app)/);
  });

  test.each([
    ['is not there', async () => 'http://127.0.0.1:9'],
    ['never answers', async () => (await startCollector({ answers: false })).url],
  ])('hold up nobody when the collector %s', async (_what, urlOf) => {
    const program = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: await urlOf() });
    expect((await program.ask('{ livestreams(first: 1) { totalCount } }')).status).toBe(200);
    const startedAt = performance.now();
    expect((await program.end()).code).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
