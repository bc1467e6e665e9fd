import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';

import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { at, until } from '../support/gateway.ts';
import { portOf } from '../redis/support/ports.ts';
import { addressOf, ask, type Program, start, watchOverStream, watchOverWebSocket } from '../support/program.ts';

const COUNT = '{ livestreams(first: 1) { totalCount } }';
const COUNTED = { data: { livestreams: { totalCount: 320 } } };

/** The program before a sandbox that outlives it, and whose time stands still. */
async function startWithSandbox(settings: Record<string, string> = {}) {
  const clock = createFakeClock(Date.now());
  const sandbox = createSandbox({ clock });
  const server = await startSandboxServer({ port: 0, sandbox });
  onTestFinished(async () => server.close());
  const app = { CLOUDFLARE_ACCOUNT_ID: 'account', REALTIMEKIT_APP_ID: 'app', CLOUDFLARE_API_TOKEN: 'token' };
  const program = start({ ...app, CLOUDFLARE_BASE_URL: server.url, ...settings });
  const address = await addressOf(program);
  return { program, address, sandbox, clock };
}

/** Resolves once new connections are refused. */
async function untilClosed(address: string): Promise<void> {
  const isRefused = async (): Promise<boolean> =>
    fetch(`${address}/health`, { headers: { connection: 'close' } }).then(
      () => false,
      () => true,
    );
  await expect.poll(isRefused, { interval: 10 }).toBe(true);
}

/** The particulars of a line of the log. */
async function logged(program: Program, message: string): Promise<unknown> {
  const [line] = await program.until(new RegExp(`^{.*"${message}".*}$`, 'm'));
  return JSON.parse(line);
}

describe('told to end, with a delay', () => {
  test('it says that it is not ready and serves on, subscriptions too; a second signal ends it at once', async () => {
    const { program, address } = await startWithSandbox({ DRAIN_DELAY_MS: '600000' });
    expect(await readiness(address)).toEqual([200, { ready: true, draining: false }]);
    program.child.kill('SIGTERM');
    await expect
      .poll(async () => readiness(address), { interval: 10 })
      .toEqual([503, { ready: false, draining: true }]);
    expect(await ask(address, COUNT)).toEqual(COUNTED);
    expect((await fetch(`${address}/health`)).status).toBe(200);
    await watchOverStream(address);
    await watchOverWebSocket(address);
    program.child.kill('SIGTERM');
    expect(await program.exitCode).toBe(1);
  });

  test('its answers say that connections are not kept, so that callers go elsewhere before it closes', async () => {
    const { program, address } = await startWithSandbox({ DRAIN_DELAY_MS: '600000' });
    program.child.kill('SIGINT');
    await logged(program, 'Shutting down.');
    const agent = new Agent({ keepAlive: true });
    expect((await over(agent, `${address}/health`)).connection).toBe('close');
  });

  test.each([
    ['an event stream breaks off', watchOverStream, 'broken off'],
    ['a WebSocket is closed, to be opened anew', watchOverWebSocket, 1012],
  ])('once that is over %s, and it ends with code 0', async (_what, watch, ending) => {
    const { program, address } = await startWithSandbox({ DRAIN_DELAY_MS: '200' });
    const { ended } = await watch(address);
    program.child.kill('SIGTERM');
    expect(await ended).toBe(ending);
    expect(await program.exitCode).toBe(0);
    expect(at(await logged(program, 'Shutting down.'), 'subscriptions')).toBe(1);
    expect(at(await logged(program, 'Shutdown complete.'), 'durationMs')).toBeGreaterThanOrEqual(199);
    expect(program.printed()).not.toMatch(/"level":"(?:warn|error)"|Unexpected/);
  });
});

async function readiness(address: string): Promise<[number, unknown]> {
  const response = await fetch(`${address}/ready`);
  return [response.status, await response.json()];
}

/** The answer over a connection of `agent`. */
async function over(agent: Agent, url: string) {
  const request = get(url, { agent });
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve).once('error', reject);
  });
  const { statusCode: status, headers } = response;
  return { status, connection: headers.connection, isReused: request.reusedSocket, body: await text(response) };
}

describe('told to end while a request is under way', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('by %s, it answers it, and ends with code 0', async (signal) => {
    const { program, address, sandbox, clock } = await startWithSandbox();
    sandbox.configure({ latencyMs: 1000 });
    const answer = over(new Agent({ keepAlive: true }), `${address}/graphql?query=${encodeURIComponent(COUNT)}`);
    await until(() => sandbox.requests().inFlight === 1 && clock.pending() > 0);
    program.child.kill(signal);
    await untilClosed(address);
    expect(await logged(program, 'Shutting down.')).toMatchObject({ signal, requests: 1, mutations: 0, webSockets: 0 });
    clock.advance(1000);
    const { connection, body } = await answer;
    expect([connection, JSON.parse(body)]).toEqual(['close', COUNTED]);
    expect(await program.exitCode).toBe(0);
    expect(program.printed()).not.toContain('Shutdown timed out');
  });

  test('whoever asks again over a connection that was kept gets an answer, and is told to open no other here', async () => {
    const { program, address, sandbox } = await startWithSandbox();
    const agent = new Agent({ keepAlive: true });
    expect((await over(agent, `${address}/health`)).connection).toBe('keep-alive');
    sandbox.fail([{ kind: 'hang' }]);
    const leaver = new AbortController();
    const answer = ask(address, COUNT, leaver.signal).catch(() => 'left');
    await until(() => sandbox.requests().inFlight === 1);
    program.child.kill('SIGTERM');
    await untilClosed(address);
    const again = await over(agent, `${address}/health`);
    expect([again.isReused, again.status, again.connection]).toEqual([true, 200, 'close']);
    leaver.abort();
    expect(await answer).toBe('left');
    expect(await program.exitCode).toBe(0);
  });

  test('what outlasts DRAIN_MS is cut off, which the log tells, and it ends with code 0', async () => {
    const { program, address, sandbox } = await startWithSandbox({ DRAIN_MS: '100' });
    sandbox.fail([{ kind: 'hang' }]);
    const answer = ask(address, COUNT);
    const outcome = answer.then(
      () => 'answered',
      () => 'cut off',
    );
    await until(() => sandbox.requests().inFlight === 1);
    program.child.kill('SIGTERM');
    expect(await outcome).toBe('cut off');
    expect(await program.exitCode).toBe(0);
    expect(await logged(program, 'Shutdown timed out: aborting what is pending.')).toMatchObject({
      requests: 1,
      mutations: 0,
    });
  });

  test('a second signal ends it at once', async () => {
    const { program, address, sandbox } = await startWithSandbox();
    sandbox.fail([{ kind: 'hang' }]);
    const answer = ask(address, COUNT);
    answer.catch(() => null);
    await until(() => sandbox.requests().inFlight === 1);
    program.child.kill('SIGTERM');
    await untilClosed(address);
    program.child.kill('SIGINT');
    expect(await program.exitCode).toBe(1);
    await expect(answer).rejects.toThrow('fetch failed');
  });

  test('a connection over which nothing was ever sent does not keep it', async () => {
    const { program, address } = await startWithSandbox();
    const { port } = new URL(address);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    await ask(address, COUNT);
    program.child.kill('SIGTERM');
    expect(await program.exitCode).toBe(0);
    expect(program.printed()).not.toContain('Shutdown timed out');
  });
});

describe('told to end after a start whose caller has left', () => {
  const POST = 'POST /meetings/{meeting_id}/livestreams';
  const READ_BACK = 'GET /meetings/{meeting_id}/active-livestream';

  test.each([
    ['the answer is waited for', [], [POST]],
    ['an answer that is lost is read back', [{ kind: 'truncated', method: 'POST' } as const], [POST, READ_BACK]],
  ])('%s, and there is one livestream', async (_what, faults, sent) => {
    const { program, address, sandbox, clock } = await startWithSandbox();
    const livestreams = sandbox.overview().counts.livestreams;
    sandbox.configure({ latencyMs: 1000 });
    sandbox.fail(faults);
    const leaver = new AbortController();
    const answer = ask(address, startOf(sandbox.samples.idleMeetingId), leaver.signal);
    await until(() => sandbox.requests().inFlight === 1);
    leaver.abort();
    await expect(answer).rejects.toThrow('aborted');
    program.child.kill('SIGTERM');
    expect(await logged(program, 'Shutting down.')).toMatchObject({ mutations: 1 });
    await untilClosed(address);
    for (const count of sent.keys()) {
      await until(() => sandbox.requests().received === count + 1 && clock.pending() > 0);
      clock.advance(1000);
    }
    expect(await program.exitCode).toBe(0);
    expect(sandbox.requests().requests.map(({ method, route }) => `${method} ${route}`)).toEqual(sent);
    expect(sandbox.overview().counts.livestreams).toBe(livestreams + 1);
    expect(program.printed()).not.toContain('Shutdown timed out');
  });

  test('one that outlasts DRAIN_MS is counted as cut off', async () => {
    const { program, address, sandbox } = await startWithSandbox({ DRAIN_MS: '100' });
    sandbox.fail([{ kind: 'hang' }]);
    const leaver = new AbortController();
    ask(address, startOf(sandbox.samples.idleMeetingId), leaver.signal).catch(() => null);
    await until(() => sandbox.requests().inFlight === 1);
    leaver.abort();
    program.child.kill('SIGTERM');
    expect(await logged(program, 'Shutdown timed out: aborting what is pending.')).toMatchObject({
      requests: 0,
      mutations: 1,
    });
    expect(await program.exitCode).toBe(0);
    // It would take 10 s to give up by itself.
    expect(at(await logged(program, 'Shutdown complete.'), 'durationMs')).toBeLessThan(9000);
  });
});

function startOf(meetingId: string): string {
  return `mutation { startLivestream(input: { meetingId: "${meetingId}", name: "Deployed" }) { livestream { id } userErrors { code } } }`;
}

test('told to end while it waits for Redis, it ends at once', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void silent.close());
  await once(silent, 'listening');
  const program = start({ REDIS_URL: `redis://127.0.0.1:${portOf(silent)}` });
  await once(silent, 'connection');
  program.child.kill('SIGTERM');
  expect(await program.exitCode).toBe(0);
  expect(program.printed()).toBe('');
});
