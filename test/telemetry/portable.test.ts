import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';

import { rolldown } from 'rolldown';
import * as v from 'valibot';
import { beforeAll, describe, expect, test } from 'vitest';

import type { startPortableTelemetry } from '../../src/telemetry/startPortableTelemetry.ts';
import type { TelemetrySettings } from '../../src/telemetry/telemetrySettings.ts';
import { matching } from '../support/gateway.ts';
import { startCollector, type CollectorOptions } from './collector.ts';

const INPUT = fileURLToPath(new URL('../../src/telemetry/startPortableTelemetry.ts', import.meta.url));

/** The module and its packages as a script, in their builds for runtimes without Node.js. */
let script: string;
let imports: string[];

beforeAll(async () => {
  const bundle = await rolldown({ input: INPUT, platform: 'browser' });
  const { output } = await bundle.generate({ format: 'iife', name: 'telemetry' });
  await bundle.close();
  script = output[0].code;
  imports = output[0].imports;
});

/** What runtimes with the APIs of the web have. */
const WEB = { AbortController, clearTimeout, fetch, performance, setTimeout, TextDecoder, TextEncoder, URL };

const hasStart = v.object({
  startPortableTelemetry: v.custom<typeof startPortableTelemetry>((it) => typeof it === 'function'),
});

/** Starts the telemetry in a context without the modules and globals of Node.js. */
async function startWithoutNode({
  timeoutMs = 10_000,
  sendsResponses = true,
  ...settings
}: CollectorOptions & Partial<TelemetrySettings> & { timeoutMs?: number } = {}) {
  const collector = await startCollector({ sendsResponses });
  const lines: string[] = [];
  const write = (line: string): void => void lines.push(line);
  const context = createContext({ ...WEB, console: { info: write, warn: write, error: write } });
  const exported: unknown = runInContext(`${script}; telemetry`, context);
  const sending: Promise<void>[] = [];
  const telemetry = v.parse(hasStart, exported).startPortableTelemetry(
    {
      logThreshold: 'info',
      metrics: true,
      tracing: {
        resourceAttributes: { 'service.name': 'ours', 'deployment.environment': 'test' },
        sampling: { isParentBased: true, ratio: 1 },
        collector: { url: `${collector.url}/v1/traces`, headers: { 'x-tenant': 'me' }, timeoutMs },
      },
      ...settings,
    },
    '1.2.3',
    (promise) => sending.push(promise),
  );
  return { ...telemetry, collector, lines, sending };
}

describe('without Node.js, the telemetry', () => {
  test('imports nothing', () => {
    expect(imports).toEqual([]);
  });

  test('writes lines of JSON to the console', async () => {
    const { log, lines } = await startWithoutNode();
    log('info', 'Listening.', { port: 1 });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'info', port: 1, msg: 'Listening.' },
    ]);
  });

  test("exposes the gateway's metrics, and none of a process", async () => {
    const { metrics } = await startWithoutNode();
    metrics?.operation({ name: 'Active', kind: 'query', code: 'OK', seconds: 0.002 });
    const text = (await metrics?.expose())?.text;
    expect(text).toMatch(/^realtimekit_graphql_build_info\{version="1.2.3"\} 1$/m);
    expect(text).toMatch(/^realtimekit_graphql_operations_total\{operation="Active",kind="query",code="OK"\} 1$/m);
    expect(text).not.toMatch(/^(nodejs|process)_/m);
  });

  test('sends spans to the collector, and passes the promise of the request to the runtime', async () => {
    const { tracer, close, collector, sending } = await startWithoutNode();
    const operation = tracer?.start('GraphQL Operation', null);
    operation?.start('GET /livestreams', 'client', { 'http.request.method': 'GET' }).end();
    operation?.end({ name: 'query Active' });
    await close();
    expect(sending).toHaveLength(1);
    await expect(sending[0]).resolves.toBeUndefined();
    expect(collector.spans().map(({ name, kind }) => [name, kind])).toEqual([
      ['GET /livestreams', 3],
      ['query Active', 2],
    ]);
    expect(collector.headers[0]).toMatchObject({ 'x-tenant': 'me', 'content-type': 'application/json' });
    expect(collector.resources()[0]).toMatchObject({ 'service.name': 'ours', 'deployment.environment': 'test' });
  });

  test('gives up a request that the collector does not answer in time, and logs it', async () => {
    const { tracer, close, sending, lines } = await startWithoutNode({ sendsResponses: false, timeoutMs: 100 });
    tracer?.start('GraphQL Operation', null).end();
    await close();
    await expect(Promise.all(sending)).resolves.toEqual([undefined]);
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { level: 'warn', msg: 'Sending traces failed.', spans: 1, error: matching(/AbortError/) },
    ]);
  });

  test('has no metrics and no tracer if they are off', async () => {
    expect(await startWithoutNode({ metrics: false, tracing: null })).toMatchObject({
      metrics: undefined,
      tracer: undefined,
    });
  });
});
