import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/sandbox/faults.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { createClient } from '../../src/realtimekit/client.ts';
import { path } from '../../src/realtimekit/path.ts';
import type { Reservation } from '../../src/realtimekit/requestContext.ts';
import { cleanUpAfterTest } from '../support/cleanup.ts';
import { eventually } from '../support/eventually.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import {
  APP,
  createOperation,
  createOperationClient,
  clientOptions,
  createCountingTransport,
  upstreamErrorOf,
  startSandboxedClient,
} from '../support/upstream.ts';

/** A client of a sandbox with `faults`. */
async function setUp(...faults: Fault[]) {
  const upstream = await startSandboxedClient();
  upstream.sandbox.setFaults(faults);
  const client = createOperationClient(upstream.options);
  const meeting = path`/meetings/${upstream.exampleIds.liveMeetingId}`;
  const start = path`/meetings/${upstream.exampleIds.emptyMeetingId}/livestreams`;
  /** Waits for the backoff after this many attempts, and lets it pass: 100 ms after the first, 200 ms after the second. */
  async function passBackoff(attempts: number): Promise<void> {
    await eventually(() => expect(upstream.options.backoffs).toEqual([100, 200].slice(0, attempts)));
    upstream.clock.advance(100 * attempts);
    await eventually(() => expect(upstream.sendings()).toBe(attempts + 1));
  }
  return { ...upstream, client, meeting, start, passBackoff };
}

describe('a GET request', () => {
  test('contains the account, the app and the query parameters that are not null', async () => {
    const { client, sandbox, exampleIds } = await setUp();
    const found = await client.read(path`/livestreams`, { status: 'LIVE', per_page: 2, search: null });
    expect(found?.data).toHaveLength(2);
    const [request] = sandbox.requests().requests;
    expect(request?.path).toBe(`/client/v4/accounts/${APP.accountId}/realtime/kit/${APP.appId}/livestreams`);
    expect(request?.query).toEqual({ status: 'LIVE', per_page: '2' });
    expect(await client.read(path`/meetings/${exampleIds.liveMeetingId}`)).toMatchObject({
      data: { id: exampleIds.liveMeetingId },
    });
    expect(await client.read(path`/meetings/${'none'}`)).toBeNull();
  });

  test('removes its timers and its abort listener when it ends', async () => {
    const { client, clock, meeting } = await setUp();
    const caller = new AbortController();
    await client.read(meeting, {}, caller.signal);
    expect([clock.pending(), getEventListeners(caller.signal, 'abort')]).toEqual([0, []]);
  });

  const transient: Fault[] = [
    { kind: 'status', status: 500 },
    { kind: 'status', status: 502 },
    { kind: 'status', status: 530 },
    { kind: 'status', status: 503 },
    { kind: 'status', status: 504 },
    { kind: 'status', status: 408 },
    { kind: 'html' },
    { kind: 'reset' },
    { kind: 'truncated' },
  ];

  test.each(transient)('succeeds when the first attempt fails with $kind $status', async (fault) => {
    const { client, clock, meeting, exampleIds, countRequests, passBackoff } = await setUp({ ...fault, times: 1 });
    const reading = client.read(meeting);
    await passBackoff(1);
    expect(await reading).toMatchObject({ data: { id: exampleIds.liveMeetingId } });
    expect([countRequests(), clock.pending()]).toEqual([2, 0]);
  });

  test.each(transient)('fails after three attempts that fail with $kind $status', async (fault) => {
    const { client, clock, meeting, countRequests, passBackoff } = await setUp(fault);
    const failing = upstreamErrorOf(client.read(meeting));
    await passBackoff(1);
    await passBackoff(2);
    const code = fault.status === 408 ? 'UPSTREAM_TIMEOUT' : 'UPSTREAM_UNAVAILABLE';
    expect((await failing).extensions).toMatchObject({ code, retryable: true });
    expect([countRequests(), clock.pending()]).toEqual([3, 0]);
  });

  const permanent: [Fault, string][] = [
    [{ kind: 'status', status: 501 }, 'UPSTREAM_UNAVAILABLE'],
    [{ kind: 'status', status: 400 }, 'BAD_USER_INPUT'],
    [{ kind: 'status', status: 401 }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ kind: 'status', status: 403 }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ kind: 'status', status: 429 }, 'RATE_LIMITED'],
    [{ kind: 'status', status: 429, retryAfterSeconds: 300 }, 'RATE_LIMITED'],
    [{ kind: 'status', status: 503, retryAfterSeconds: 60 }, 'UPSTREAM_UNAVAILABLE'],
    [{ kind: 'html', status: 200 }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ kind: 'html', status: 404 }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ kind: 'empty' }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ kind: 'not-json' }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ kind: 'huge' }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ kind: 'redirect' }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ kind: 'redirect', status: 307 }, 'UPSTREAM_INVALID_RESPONSE'],
    [{ kind: 'redirect', status: 301, location: 'http://127.0.0.1:9/' }, 'UPSTREAM_INVALID_RESPONSE'],
  ];

  test.each(permanent)('is not retried after %j, and fails with %s', async (fault, code) => {
    const { client, clock, meeting, routes } = await setUp(fault);
    const failed = await upstreamErrorOf(client.read(meeting));
    expect(failed.code).toBe(code);
    expect(failed.retryAfterSeconds).toBe(fault.retryAfterSeconds);
    expect(routes()).toEqual(['GET /meetings/{meeting_id}']);
    expect(clock.pending()).toBe(0);
  });

  test('is retried after the delay of a short Retry-After', async () => {
    const { client, clock, meeting, options, countRequests } = await setUp({
      kind: 'status',
      status: 429,
      retryAfterSeconds: 3,
      times: 1,
    });
    const reading = client.read(meeting);
    await eventually(() => expect(options.backoffs).toEqual([3000]));
    clock.advance(3000);
    expect(await reading).not.toBeNull();
    expect(countRequests()).toBe(2);
  });

  test('is cancelled and retried when there is no response within 10 s', async () => {
    const { client, clock, sandbox, meeting, countRequests, passBackoff } = await setUp({ kind: 'hang', times: 1 });
    const reading = client.read(meeting);
    await eventually(() => expect(countRequests()).toBe(1));
    clock.advance(9_999);
    expect(clock.pending()).toBe(1);
    clock.advance(1);
    await passBackoff(1);
    expect(await reading).not.toBeNull();
    expect([countRequests(), clock.pending()]).toEqual([2, 0]);
    await eventually(() => expect(sandbox.requests().inFlight).toBe(0));
  });

  test('fails after 25 s in total when every attempt hangs', async () => {
    const { client, clock, sandbox, meeting, countRequests, passBackoff } = await setUp({ kind: 'hang' });
    const startedAt = clock.now();
    const failing = upstreamErrorOf(client.read(meeting));
    for (const attempts of [1, 2]) {
      await eventually(() => expect(countRequests()).toBe(attempts));
      clock.advance(10_000);
      await passBackoff(attempts);
    }
    await eventually(() => expect(countRequests()).toBe(3));
    clock.advance(startedAt + 24_999 - clock.now());
    expect(clock.pending()).toBe(1);
    clock.advance(1);
    const failed = await failing;
    expect(failed.extensions).toEqual({ code: 'UPSTREAM_TIMEOUT', retryable: true });
    expect(failed.message).toContain('25 s');
    expect([countRequests(), clock.pending()]).toEqual([3, 0]);
    await eventually(() => expect(sandbox.requests().inFlight).toBe(0));
  });

  test('is cancelled and retried when the response body is incomplete after 10 s', async () => {
    const { client, clock, meeting, countRequests, passBackoff } = await setUp({ kind: 'drip', times: 1 });
    const reading = client.read(meeting);
    // The second timer is the sandbox's, for the next byte.
    await eventually(() => expect(clock.pending()).toBe(2));
    clock.advance(250);
    await eventually(() => expect(clock.pending()).toBe(2));
    clock.advance(9_750);
    await passBackoff(1);
    expect(await reading).not.toBeNull();
    expect(countRequests()).toBe(2);
    await eventually(() => expect(clock.pending()).toBe(0));
  });

  test("rejects with the signal's reason when the signal is aborted, and sends nothing after that", async () => {
    const { client, clock, sandbox, meeting, countRequests } = await setUp({ kind: 'hang' });
    const caller = new AbortController();
    const reason = new Error('left');
    const reading = client.read(meeting, {}, caller.signal);
    await eventually(() => expect(countRequests()).toBe(1));
    caller.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await expect(client.read(meeting, {}, caller.signal)).rejects.toBe(reason);
    expect([countRequests(), clock.pending(), getEventListeners(caller.signal, 'abort')]).toEqual([1, 0, []]);
    await eventually(() => expect(sandbox.requests().inFlight).toBe(0));
  });

  test('fails with an error that contains neither the URL nor a secret', async () => {
    const { client, meeting } = await setUp({ kind: 'status', status: 501 });
    const failed = await upstreamErrorOf(client.read(meeting));
    const shown = JSON.stringify([failed.message, failed.extensions]);
    for (const secret of Object.values(APP)) expect(shown).not.toContain(secret);
    expect(shown).not.toContain('127.0.0.1');
    expect(failed.upstream).toMatchObject({ status: 501, code: 1501 });
    expect(failed.upstream?.ray).toMatch(/^[0-9a-f]{16}-LIS$/);
  });
});

describe('a POST request', () => {
  test('contains its body as JSON', async () => {
    const { client, sandbox, start } = await setUp();
    expect(await client.send(start, { name: 'Ünïcode' })).toMatchObject({ data: { status: 'INVOKED' } });
    expect(sandbox.requests().requests[0]).toMatchObject({ method: 'POST', body: { name: 'Ünïcode' } });
  });

  const faults: [Fault, string, string][] = [
    [{ kind: 'reset' }, 'UPSTREAM_UNAVAILABLE', 'unknown'],
    [{ kind: 'truncated' }, 'UPSTREAM_UNAVAILABLE', 'unknown'],
    [{ kind: 'html' }, 'UPSTREAM_UNAVAILABLE', 'unknown'],
    [{ kind: 'status', status: 408 }, 'UPSTREAM_TIMEOUT', 'unknown'],
    [{ kind: 'status', status: 502 }, 'UPSTREAM_UNAVAILABLE', 'unknown'],
    [{ kind: 'status', status: 503, retryAfterSeconds: 1 }, 'UPSTREAM_UNAVAILABLE', 'unknown'],
    [{ kind: 'status', status: 429, retryAfterSeconds: 1 }, 'RATE_LIMITED', 'rejected'],
    [{ kind: 'huge' }, 'UPSTREAM_INVALID_RESPONSE', 'unknown'],
    [{ kind: 'redirect', status: 307 }, 'UPSTREAM_INVALID_RESPONSE', 'rejected'],
    [{ kind: 'redirect', status: 308 }, 'UPSTREAM_INVALID_RESPONSE', 'rejected'],
  ];

  test.each(faults)('is sent exactly once after %j: the code is %s, the outcome %s', async (fault, code, outcome) => {
    const { client, clock, start, routes } = await setUp(fault);
    expect(await upstreamErrorOf(client.send(start))).toMatchObject({ code, outcome });
    expect(routes()).toEqual(['POST /meetings/{meeting_id}/livestreams']);
    expect(clock.pending()).toBe(0);
  });

  test('fails after 10 s without a response, and is sent exactly once', async () => {
    const { client, clock, start, countRequests } = await setUp({ kind: 'hang' });
    const failing = upstreamErrorOf(client.send(start));
    await eventually(() => expect(countRequests()).toBe(1));
    clock.advance(10_000);
    expect(await failing).toMatchObject({ code: 'UPSTREAM_TIMEOUT', outcome: 'unknown' });
    expect([countRequests(), clock.pending()]).toEqual([1, 0]);
  });
});

describe('a refused connection', () => {
  /** A client of a port that nothing listens on. */
  async function setUpRefused() {
    const stopped = await startSandboxServer({ port: 0 });
    await stopped.close();
    const clock = createFakeClock();
    const { send, sentCount } = createCountingTransport();
    const options = clientOptions(stopped.url, send, clock);
    const client = createOperationClient(options);
    const backoffStarted = (attempts: number) =>
      eventually(() => expect(options.backoffs).toEqual([100, 200].slice(0, attempts)));
    return { port: Number(new URL(stopped.url).port), clock, client, sendings: sentCount, backoffStarted };
  }

  test('is tried three times, for a GET and for a POST', async () => {
    for (const method of ['read', 'send'] as const) {
      const { client, clock, sendings, backoffStarted } = await setUpRefused();
      const failing = upstreamErrorOf(client[method](path`/meetings/${'m'}/livestreams`));
      for (const attempts of [1, 2]) {
        await backoffStarted(attempts);
        clock.advance(100 * attempts);
      }
      const failed = await failing;
      expect(failed).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', outcome: 'notSent' });
      expect(failed.extensions).toEqual({ code: 'UPSTREAM_UNAVAILABLE', retryable: true });
      expect([sendings(), clock.pending()]).toEqual([3, 0]);
    }
  });

  test('does not lose or repeat a POST when the server starts during the backoff', async () => {
    const { client, clock, port, backoffStarted } = await setUpRefused();
    const starting = client.send(path`/meetings/${'no-such-meeting'}/livestreams`);
    await backoffStarted(1);
    const server = await startSandboxServer({ port });
    cleanUpAfterTest(() => server.close());
    clock.advance(100);
    expect(await starting).toBeNull();
    expect(server.sandbox.requests().requests).toHaveLength(1);
  });
});

test('a request whose signal is aborted while the budget is asked is not sent, and does not wait for the throttle', async () => {
  const unhandled: unknown[] = [];
  const onUnhandled = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', onUnhandled);
  cleanUpAfterTest(() => void process.off('unhandledRejection', onUnhandled));
  const clock = createFakeClock();
  let sendings = 0;
  const send = async () => ({ status: 200, headers: {}, body: `{"data":{"n":${(sendings += 1)}}}` });
  const options = { ...clientOptions('http://api.test', send, clock), requestsPerSecond: 2 };
  const client = createClient(options);
  await client.get(createOperation(clock), path`/meetings`);

  const reserving = Promise.withResolvers<Reservation>();
  const released: boolean[] = [];
  const { account } = createOperation(clock);
  const slowBudget = { ...account.budget, reserve: () => reserving.promise };
  const caller = new AbortController();
  const changes = { account: { ...account, budget: slowBudget }, signal: caller.signal };
  const reading = client.get(createOperation(clock, changes), path`/meetings`);
  caller.abort(new Error('left'));
  reserving.resolve({ commit: () => {}, release: (wasSent) => void released.push(wasSent) });
  await expect(reading).rejects.toThrow('left');
  await setImmediate();
  expect({ unhandled, sendings, waits: options.backoffs, released }).toEqual({
    unhandled: [],
    sendings: 1,
    waits: [],
    released: [false],
  });
});

describe('the clock skew', () => {
  test.each([3600, -3600])('is %i s when the latest response has a Date that is so far ahead', async (seconds) => {
    const { client, sandbox, meeting } = await setUp();
    expect(client.clockSkew()).toBe(0);
    await client.read(meeting);
    expect(client.clockSkew()).toBe(0);
    sandbox.setClock({ advanceSeconds: seconds });
    await client.read(meeting);
    expect(client.clockSkew()).toBe(seconds * 1000);
  });

  test.each(['0', '1', 'May', '2026-01-15'])('stays as it is when the Date is "%s"', async (date) => {
    const response = { status: 200, headers: { date }, body: '{"data":{}}' };
    const client = createOperationClient(clientOptions('http://api.test', async () => response, createFakeClock()));
    await client.read(path`/meetings`);
    expect(client.clockSkew()).toBe(0);
  });
});
