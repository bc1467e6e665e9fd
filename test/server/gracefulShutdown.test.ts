import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';

import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { at, waitUntil } from '../support/gateway.ts';
import { portOf } from '../support/ports.ts';
import {
  listeningAddress,
  queryProgram,
  type Program,
  startProgram,
  subscribeOverSse,
  subscribeOverWebSocket,
} from '../support/program.ts';

const COUNT = '{ livestreams(first: 1) { totalCount } }';
const COUNTED = { data: { livestreams: { totalCount: 320 } } };

/** Starts the program with a sandbox that outlives it, and whose clock stands still. */
async function startWithSandbox(settings: Record<string, string> = {}) {
  const clock = createFakeClock(Date.now());
  const sandbox = createSandbox({ clock });
  const server = await startSandboxServer({ port: 0, sandbox });
  onTestFinished(async () => server.close());
  const app = { CLOUDFLARE_ACCOUNT_ID: 'account', REALTIMEKIT_APP_ID: 'app', CLOUDFLARE_API_TOKEN: 'token' };
  const program = startProgram({ ...app, CLOUDFLARE_BASE_URL: server.url, ...settings });
  const address = await listeningAddress(program);
  await logEntry(program, "RealtimeKit accepts the gateway's requests.");
  sandbox.clearRequests();
  return { program, address, sandbox, clock };
}

/** Resolves when the program accepts no new connections. */
async function untilClosed(address: string): Promise<void> {
  const isClosed = async (): Promise<boolean> =>
    fetch(`${address}/health`, { headers: { connection: 'close' } }).then(
      () => false,
      () => true,
    );
  await expect.poll(isClosed, { interval: 10 }).toBe(true);
}

/** Waits for a log entry with this message, and returns its fields. */
async function logEntry(program: Program, message: string): Promise<unknown> {
  const [line] = await program.waitForOutput(new RegExp(`^{.*"${message}".*}$`, 'm'));
  return JSON.parse(line);
}

describe('a shutdown with DRAIN_DELAY_MS', () => {
  test('answers /ready with 503 and keeps serving queries and subscriptions; a second signal exits at once', async () => {
    const { program, address } = await startWithSandbox({ DRAIN_DELAY_MS: '600000' });
    expect(await readiness(address)).toMatchObject([200, { ready: true, draining: false }]);
    program.child.kill('SIGTERM');
    await expect
      .poll(async () => readiness(address), { interval: 10 })
      .toMatchObject([503, { ready: false, draining: true }]);
    expect(await queryProgram(address, COUNT)).toEqual(COUNTED);
    expect((await fetch(`${address}/health`)).status).toBe(200);
    await subscribeOverSse(address);
    await subscribeOverWebSocket(address);
    program.child.kill('SIGTERM');
    expect(await program.exitCode).toBe(1);
  });

  test('sends "connection: close" with its responses during the delay', async () => {
    const { program, address } = await startWithSandbox({ DRAIN_DELAY_MS: '600000' });
    program.child.kill('SIGINT');
    await logEntry(program, 'Shutting down.');
    const agent = new Agent({ keepAlive: true });
    expect((await getOver(agent, `${address}/health`)).connection).toBe('close');
  });

  test.each([
    ['cuts off event streams', subscribeOverSse, 'broken off'],
    ['closes WebSockets with 1012', subscribeOverWebSocket, 1012],
  ])('%s after the delay, and exits with code 0', async (_case, watch, ending) => {
    const { program, address } = await startWithSandbox({ DRAIN_DELAY_MS: '200' });
    const { ended } = await watch(address);
    program.child.kill('SIGTERM');
    expect(await ended).toBe(ending);
    expect(await program.exitCode).toBe(0);
    expect(at(await logEntry(program, 'Shutting down.'), 'subscriptions')).toBe(1);
    expect(at(await logEntry(program, 'Shutdown complete.'), 'durationMs')).toBeGreaterThanOrEqual(199);
    expect(program.output()).not.toMatch(/"level":"(?:warn|error)"|Unexpected/);
  });
});

async function readiness(address: string): Promise<[number, unknown]> {
  const response = await fetch(`${address}/ready`);
  return [response.status, await response.json()];
}

/** Sends a GET request over a connection of `agent`. */
async function getOver(agent: Agent, url: string) {
  const request = get(url, { agent });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  const { statusCode: status, headers } = response;
  return { status, connection: headers.connection, isReused: request.reusedSocket, body: await text(response) };
}

describe('a shutdown during a request', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('after %s, sends the response, and exits with code 0', async (signal) => {
    const { program, address, sandbox, clock } = await startWithSandbox();
    sandbox.configure({ latencyMs: 1000 });
    const response = getOver(new Agent({ keepAlive: true }), `${address}/graphql?query=${encodeURIComponent(COUNT)}`);
    await waitUntil(() => sandbox.requests().inFlight === 1 && clock.pending() > 0);
    program.child.kill(signal);
    await untilClosed(address);
    expect(await logEntry(program, 'Shutting down.')).toMatchObject({
      signal,
      requests: 1,
      mutations: 0,
      webSockets: 0,
    });
    clock.advance(1000);
    const { connection, body } = await response;
    expect([connection, JSON.parse(body)]).toEqual(['close', COUNTED]);
    expect(await program.exitCode).toBe(0);
    expect(program.output()).not.toContain('Shutdown timed out');
  });

  test('answers further requests over a kept-alive connection, with "connection: close"', async () => {
    const { program, address, sandbox } = await startWithSandbox();
    const agent = new Agent({ keepAlive: true });
    expect((await getOver(agent, `${address}/health`)).connection).toBe('keep-alive');
    sandbox.setFaults([{ kind: 'hang' }]);
    const caller = new AbortController();
    const response = queryProgram(address, COUNT, caller.signal).catch(() => 'disconnected');
    await waitUntil(() => sandbox.requests().inFlight === 1);
    program.child.kill('SIGTERM');
    await untilClosed(address);
    const again = await getOver(agent, `${address}/health`);
    expect([again.isReused, again.status, again.connection]).toEqual([true, 200, 'close']);
    caller.abort();
    expect(await response).toBe('disconnected');
    expect(await program.exitCode).toBe(0);
  });

  test('aborts a request that takes longer than DRAIN_MS, logs how many were aborted, and exits with code 0', async () => {
    const { program, address, sandbox } = await startWithSandbox({ DRAIN_MS: '100' });
    sandbox.setFaults([{ kind: 'hang' }]);
    const response = queryProgram(address, COUNT);
    const outcome = response.then(
      () => 'completed',
      () => 'aborted',
    );
    await waitUntil(() => sandbox.requests().inFlight === 1);
    program.child.kill('SIGTERM');
    expect(await outcome).toBe('aborted');
    expect(await program.exitCode).toBe(0);
    expect(await logEntry(program, 'Shutdown timed out: aborting what is pending.')).toMatchObject({
      requests: 1,
      mutations: 0,
    });
  });

  test('exits at once, with code 1, after a second signal', async () => {
    const { program, address, sandbox } = await startWithSandbox();
    sandbox.setFaults([{ kind: 'hang' }]);
    const response = queryProgram(address, COUNT);
    response.catch(() => null);
    await waitUntil(() => sandbox.requests().inFlight === 1);
    program.child.kill('SIGTERM');
    await untilClosed(address);
    program.child.kill('SIGINT');
    expect(await program.exitCode).toBe(1);
    await expect(response).rejects.toThrow('fetch failed');
  });

  test('does not wait for a connection without a request', async () => {
    const { program, address } = await startWithSandbox();
    const { port } = new URL(address);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    await queryProgram(address, COUNT);
    program.child.kill('SIGTERM');
    expect(await program.exitCode).toBe(0);
    expect(program.output()).not.toContain('Shutdown timed out');
  });
});

describe('a shutdown after the caller of startLivestream has disconnected', () => {
  const POST = 'POST /meetings/{meeting_id}/livestreams';
  const READ_BACK = 'GET /meetings/{meeting_id}/active-livestream';

  test.each([
    ['waits for the response', [], [POST]],
    [
      'reads back the outcome if the response is lost',
      [{ kind: 'truncated', method: 'POST' } as const],
      [POST, READ_BACK],
    ],
  ])('%s, and starts one livestream', async (_case, faults, sent) => {
    const { program, address, sandbox, clock } = await startWithSandbox();
    const livestreams = sandbox.overview().counts.livestreams;
    sandbox.configure({ latencyMs: 1000 });
    sandbox.setFaults(faults);
    const caller = new AbortController();
    const response = queryProgram(address, startMutation(sandbox.exampleIds.idleMeetingId), caller.signal);
    await waitUntil(() => sandbox.requests().inFlight === 1);
    caller.abort();
    await expect(response).rejects.toThrow('aborted');
    program.child.kill('SIGTERM');
    expect(await logEntry(program, 'Shutting down.')).toMatchObject({ mutations: 1 });
    await untilClosed(address);
    for (const count of sent.keys()) {
      await waitUntil(() => sandbox.requests().received === count + 1 && clock.pending() > 0);
      clock.advance(1000);
    }
    expect(await program.exitCode).toBe(0);
    expect(sandbox.requests().requests.map(({ method, route }) => `${method} ${route}`)).toEqual(sent);
    expect(sandbox.overview().counts.livestreams).toBe(livestreams + 1);
    expect(program.output()).not.toContain('Shutdown timed out');
  });

  test('aborts a start that takes longer than DRAIN_MS, and logs how many were aborted', async () => {
    const { program, address, sandbox } = await startWithSandbox({ DRAIN_MS: '100' });
    sandbox.setFaults([{ kind: 'hang' }]);
    const caller = new AbortController();
    queryProgram(address, startMutation(sandbox.exampleIds.idleMeetingId), caller.signal).catch(() => null);
    await waitUntil(() => sandbox.requests().inFlight === 1);
    caller.abort();
    program.child.kill('SIGTERM');
    expect(await logEntry(program, 'Shutdown timed out: aborting what is pending.')).toMatchObject({
      requests: 0,
      mutations: 1,
    });
    expect(await program.exitCode).toBe(0);
    // The timeout of the request itself is 10 s.
    expect(at(await logEntry(program, 'Shutdown complete.'), 'durationMs')).toBeLessThan(9000);
  });
});

function startMutation(meetingId: string): string {
  return `mutation { startLivestream(input: { meetingId: "${meetingId}", name: "Deployed" }) { livestream { id } userErrors { code } } }`;
}

test('a signal while the program waits for Redis at its start exits at once', async () => {
  const silentRedis = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void silentRedis.close());
  await once(silentRedis, 'listening');
  const program = startProgram({ REDIS_URL: `redis://127.0.0.1:${portOf(silentRedis)}` });
  await once(silentRedis, 'connection');
  program.child.kill('SIGTERM');
  expect(await program.exitCode).toBe(0);
  expect(program.output()).toBe('');
});
