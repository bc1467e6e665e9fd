import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { Fault } from '../../src/sandbox/faults.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { path } from '../../src/realtimekit/path.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import {
  APP,
  after,
  clientOf,
  clientOptions,
  countingTransport,
  eventually,
  failureOf,
  sandboxed,
} from '../support/upstream.ts';

/** A client of a sandbox where `faults` are in force. */
async function faulty(...faults: Fault[]) {
  const upstream = await sandboxed();
  upstream.sandbox.fail(faults);
  const client = clientOf(upstream.options);
  const meeting = path`/meetings/${upstream.samples.liveMeetingId}`;
  const start = path`/meetings/${upstream.samples.emptyMeetingId}/livestreams`;
  /** Lets the backoff pass that follows the `sendings`th sending: 100 ms after the first, 200 ms after the second. */
  async function passBackoff(sendings: number): Promise<void> {
    await eventually(() => expect(upstream.options.backoffs).toEqual([100, 200].slice(0, sendings)));
    upstream.clock.advance(100 * sendings);
    await eventually(() => expect(upstream.sendings()).toBe(sendings + 1));
  }
  return { ...upstream, client, meeting, start, passBackoff };
}

describe('a read', () => {
  test('brings the token, the account and the query, but for its nulls', async () => {
    const { client, sandbox, samples } = await faulty();
    const found = await client.read(path`/livestreams`, { status: 'LIVE', per_page: 2, search: null });
    expect(found?.data).toHaveLength(2);
    const [request] = sandbox.requests().requests;
    expect(request?.path).toBe(`/client/v4/accounts/${APP.accountId}/realtime/kit/${APP.appId}/livestreams`);
    expect(request?.query).toEqual({ status: 'LIVE', per_page: '2' });
    expect(await client.read(path`/meetings/${samples.liveMeetingId}`)).toMatchObject({
      data: { id: samples.liveMeetingId },
    });
    expect(await client.read(path`/meetings/${'none'}`)).toBeNull();
  });

  test('leaves no timer and no listener behind', async () => {
    const { client, clock, meeting } = await faulty();
    const caller = new AbortController();
    await client.read(meeting, {}, caller.signal);
    expect([clock.pending(), getEventListeners(caller.signal, 'abort')]).toEqual([0, []]);
  });

  const passing: Fault[] = [
    { kind: 'status', status: 502 },
    { kind: 'status', status: 503 },
    { kind: 'status', status: 504 },
    { kind: 'status', status: 408 },
    { kind: 'html' },
    { kind: 'reset' },
    { kind: 'truncated' },
  ];

  test.each(passing)('gets over one $kind $status', async (fault) => {
    const { client, clock, meeting, samples, seen, passBackoff } = await faulty({ ...fault, times: 1 });
    const reading = client.read(meeting);
    await passBackoff(1);
    expect(await reading).toMatchObject({ data: { id: samples.liveMeetingId } });
    expect([seen(), clock.pending()]).toEqual([2, 0]);
  });

  test.each(passing)('gives up after three $kind $status', async (fault) => {
    const { client, clock, meeting, seen, passBackoff } = await faulty(fault);
    const failing = failureOf(client.read(meeting));
    await passBackoff(1);
    await passBackoff(2);
    const code = fault.status === 408 ? 'UPSTREAM_TIMEOUT' : 'UPSTREAM_UNAVAILABLE';
    expect((await failing).extensions).toMatchObject({ code, retryable: true });
    expect([seen(), clock.pending()]).toEqual([3, 0]);
  });

  const lasting: [Fault, string][] = [
    [{ kind: 'status', status: 500 }, 'UPSTREAM_UNAVAILABLE'],
    [{ kind: 'status', status: 400 }, 'BAD_USER_INPUT'],
    [{ kind: 'status', status: 401 }, 'UNAUTHENTICATED'],
    [{ kind: 'status', status: 403 }, 'FORBIDDEN'],
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

  test.each(lasting)('is sent once when it meets %j, and fails with %s', async (fault, code) => {
    const { client, clock, meeting, routes } = await faulty(fault);
    const failed = await failureOf(client.read(meeting));
    expect(failed.code).toBe(code);
    expect(failed.retryAfterSeconds).toBe(fault.retryAfterSeconds);
    expect(routes()).toEqual(['GET /meetings/{meeting_id}']);
    expect(clock.pending()).toBe(0);
  });

  test('waits as long as a short Retry-After says', async () => {
    const { client, clock, meeting, options, seen } = await faulty({
      kind: 'status',
      status: 429,
      retryAfterSeconds: 3,
      times: 1,
    });
    const reading = client.read(meeting);
    await eventually(() => expect(options.backoffs).toEqual([3000]));
    clock.advance(3000);
    expect(await reading).not.toBeNull();
    expect(seen()).toBe(2);
  });

  test('that hangs is given up after 10 s, and sent again', async () => {
    const { client, clock, sandbox, meeting, seen, passBackoff } = await faulty({ kind: 'hang', times: 1 });
    const reading = client.read(meeting);
    await eventually(() => expect(seen()).toBe(1));
    clock.advance(9_999);
    expect(clock.pending()).toBe(1);
    clock.advance(1);
    await passBackoff(1);
    expect(await reading).not.toBeNull();
    expect([seen(), clock.pending()]).toEqual([2, 0]);
    await eventually(() => expect(sandbox.requests().inFlight).toBe(0));
  });

  test('that hangs again and again is over after 25 s in all', async () => {
    const { client, clock, sandbox, meeting, seen, passBackoff } = await faulty({ kind: 'hang' });
    const begun = clock.now();
    const failing = failureOf(client.read(meeting));
    for (const sending of [1, 2]) {
      await eventually(() => expect(seen()).toBe(sending));
      clock.advance(10_000);
      await passBackoff(sending);
    }
    await eventually(() => expect(seen()).toBe(3));
    clock.advance(begun + 24_999 - clock.now());
    expect(clock.pending()).toBe(1);
    clock.advance(1);
    const failed = await failing;
    expect(failed.extensions).toEqual({ code: 'UPSTREAM_TIMEOUT', retryable: true });
    expect(failed.message).toContain('25 s');
    expect([seen(), clock.pending()]).toEqual([3, 0]);
    await eventually(() => expect(sandbox.requests().inFlight).toBe(0));
  });

  test('whose body only drips is given up after 10 s as well', async () => {
    const { client, clock, meeting, seen, passBackoff } = await faulty({ kind: 'drip', times: 1 });
    const reading = client.read(meeting);
    // The second timer is the next byte's.
    await eventually(() => expect(clock.pending()).toBe(2));
    clock.advance(250);
    await eventually(() => expect(clock.pending()).toBe(2));
    clock.advance(9_750);
    await passBackoff(1);
    expect(await reading).not.toBeNull();
    expect(seen()).toBe(2);
    await eventually(() => expect(clock.pending()).toBe(0));
  });

  test('ends with its caller, whose reason it passes on', async () => {
    const { client, clock, sandbox, meeting, seen } = await faulty({ kind: 'hang' });
    const caller = new AbortController();
    const left = new Error('left');
    const reading = client.read(meeting, {}, caller.signal);
    await eventually(() => expect(seen()).toBe(1));
    caller.abort(left);
    await expect(reading).rejects.toBe(left);
    await expect(client.read(meeting, {}, caller.signal)).rejects.toBe(left);
    expect([seen(), clock.pending(), getEventListeners(caller.signal, 'abort')]).toEqual([1, 0, []]);
    await eventually(() => expect(sandbox.requests().inFlight).toBe(0));
  });

  test('tells nobody where it was sent, with which token, or why the connection failed', async () => {
    const { client, meeting } = await faulty({ kind: 'status', status: 500 });
    const failed = await failureOf(client.read(meeting));
    const shown = JSON.stringify([failed.message, failed.extensions]);
    for (const secret of Object.values(APP)) expect(shown).not.toContain(secret);
    expect(shown).not.toContain('127.0.0.1');
    expect(failed.upstream).toMatchObject({ status: 500, code: 1500 });
    expect(failed.upstream?.ray).toMatch(/^[0-9a-f]{16}-LIS$/);
  });
});

describe('a POST', () => {
  test('brings its body as JSON', async () => {
    const { client, sandbox, start } = await faulty();
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

  test.each(faults)('is sent exactly once when it meets %j: %s, %s', async (fault, code, outcome) => {
    const { client, clock, start, routes } = await faulty(fault);
    expect(await failureOf(client.send(start))).toMatchObject({ code, outcome });
    expect(routes()).toEqual(['POST /meetings/{meeting_id}/livestreams']);
    expect(clock.pending()).toBe(0);
  });

  test('that hangs is over after 10 s, and sent exactly once', async () => {
    const { client, clock, start, seen } = await faulty({ kind: 'hang' });
    const failing = failureOf(client.send(start));
    await eventually(() => expect(seen()).toBe(1));
    clock.advance(10_000);
    expect(await failing).toMatchObject({ code: 'UPSTREAM_TIMEOUT', outcome: 'unknown' });
    expect([seen(), clock.pending()]).toEqual([1, 0]);
  });
});

describe('a connection that is refused', () => {
  /** A port that nobody listens on, and a client that is to reach it. */
  async function refused() {
    const gone = await startSandboxServer({ port: 0 });
    await gone.close();
    const clock = createFakeClock();
    const { send, sendings } = countingTransport();
    const options = clientOptions(gone.url, send, clock);
    const client = clientOf(options);
    const waits = (sent: number) => eventually(() => expect(options.backoffs).toEqual([100, 200].slice(0, sent)));
    return { port: Number(new URL(gone.url).port), clock, client, sendings, waits };
  }

  test('is tried three times, for a POST as for a read', async () => {
    for (const method of ['read', 'send'] as const) {
      const { client, clock, sendings, waits } = await refused();
      const failing = failureOf(client[method](path`/meetings/${'m'}/livestreams`));
      for (const sent of [1, 2]) {
        await waits(sent);
        clock.advance(100 * sent);
      }
      const failed = await failing;
      expect(failed).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', outcome: 'notSent' });
      expect(failed.extensions).toEqual({ code: 'UPSTREAM_UNAVAILABLE', retryable: true });
      expect([sendings(), clock.pending()]).toEqual([3, 0]);
    }
  });

  test('loses no POST when the server comes up meanwhile, and the server sees one', async () => {
    const { client, clock, port, waits } = await refused();
    const starting = client.send(path`/meetings/${'no-such-meeting'}/livestreams`);
    await waits(1);
    const server = await startSandboxServer({ port });
    after(() => server.close());
    clock.advance(100);
    expect(await starting).toBeNull();
    expect(server.sandbox.requests().requests).toHaveLength(1);
  });
});

describe("upstream's clock", () => {
  test.each([3600, -3600])('is known to be %i s ahead from the newest answer', async (seconds) => {
    const { client, sandbox, meeting } = await faulty();
    expect(client.clockSkew()).toBe(0);
    await client.read(meeting);
    expect(client.clockSkew()).toBe(0);
    sandbox.setClock({ advanceSeconds: seconds });
    await client.read(meeting);
    expect(client.clockSkew()).toBe(seconds * 1000);
  });
});
