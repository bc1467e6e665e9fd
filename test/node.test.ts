import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';

const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

interface Program {
  child: ChildProcess;
  /** All that was printed so far. */
  printed: () => string;
  /** Resolves with what was printed once that matches. */
  until: (pattern: RegExp) => Promise<RegExpExecArray>;
  exitCode: Promise<number | null>;
}

/** The real program, as `npm start` runs it, on ports that are free. */
function start(settings: Record<string, string> = {}): Program {
  const env = { PATH: process.env['PATH'], PORT: '0', SANDBOX_PORT: '0', ...settings };
  const child = spawn(process.execPath, ['src/node.ts'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const exitCode = once(child, 'exit').then(() => child.exitCode);
  let text = '';
  const arrived = new EventTarget();
  const take = (chunk: Buffer): void => {
    text += chunk.toString();
    arrived.dispatchEvent(new Event('text'));
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return {
    child,
    printed: () => text,
    until: async (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(text);
          if (match !== null) resolve(match);
        };
        arrived.addEventListener('text', look);
        look();
        void exitCode.then(() => reject(new Error(`It ended without printing ${pattern}: ${text}`)));
      }),
    exitCode,
  };
}

async function addressOf(program: Program): Promise<string> {
  const [, address = ''] = await program.until(/(http:\S+)\/graphql\n[^]*has ended\n/);
  return address;
}

async function ask(address: string, query: string): Promise<unknown> {
  const response = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

describe('without any setting', () => {
  test('the program serves the sandbox, and each id that it prints can be queried', async () => {
    const program = start();
    const address = await addressOf(program);
    const [live = '', idle = '', livestream = '', session = ''] = program.printed().match(/[0-9a-f-]{36}/g) ?? [];
    const answer = await ask(
      address,
      `{ live: meeting(id: "${live}") { activeLivestream { status } }
         idle: meeting(id: "${idle}") { title activeLivestream { id } }
         livestream(id: "${livestream}") { status }
         livestreamSession(id: "${session}") { errorMessage } }`,
    );
    expect(answer).toEqual({
      data: {
        live: { activeLivestream: { status: 'LIVE' } },
        idle: { title: 'Sales kick-off - Valparaíso', activeLivestream: null },
        livestream: { status: 'LIVE' },
        livestreamSession: { errorMessage: null },
      },
    });
    expect(program.printed()).toContain('the sandbox at http://127.0.0.1:');
  });

  test('it tells that it lives and that it can serve, and sends a browser on to GraphiQL', async () => {
    const address = await addressOf(start());
    expect((await fetch(`${address}/health`)).status).toBe(200);
    expect((await fetch(`${address}/ready`)).status).toBe(200);
    const home = await fetch(address, { headers: { accept: 'text/html' }, redirect: 'manual' });
    expect([home.status, home.headers.get('location')]).toEqual([302, '/graphql']);
  });
});

describe('a start that cannot succeed ends with code 1 and one line that says what to set', () => {
  test.each([
    [{ PORT: 'http' }, /^PORT: .* Example: PORT=4000\n$/],
    [{ HOST: '0.0.0.0' }, /^AUTH: missing, while .* Example: AUTH=passthrough\n$/],
    [{ CLOUDFLARE_ACCOUNT_ID: 'a' }, /^REALTIMEKIT_APP_ID: missing.* Example: REALTIMEKIT_APP_ID=\S+\n$/],
  ])('%o', async (settings, line) => {
    const program = start(settings);
    expect(await program.exitCode).toBe(1);
    expect(program.printed()).toMatch(line);
  });

  test.each(['PORT', 'SANDBOX_PORT'])('%s is taken', async (name) => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const program = start({ [name]: String(port) });
    expect(await program.exitCode).toBe(1);
    expect(program.printed()).toMatch(new RegExp(`^${name}: ${port} cannot be listened on: another program.*\n$`));
    other.close();
  });
});

describe('told to end while a request is under way', () => {
  test('it finishes the request, and ends with code 0', async () => {
    const program = start();
    const answer = await askSlowly(program, 'settings', { latencyMs: 400 });
    program.child.kill('SIGTERM');
    expect(await answer()).toEqual({ data: { livestreams: { totalCount: 320 } } });
    expect(await program.exitCode).toBe(0);
  });

  test('it takes no new connection, and a second signal ends it at once', async () => {
    const program = start();
    const answer = await askSlowly(program, 'faults', [{ kind: 'hang' }]);
    const address = await addressOf(program);
    const refusesConnections = async (): Promise<boolean> =>
      fetch(`${address}/health`).then(
        () => false,
        () => true,
      );
    program.child.kill('SIGTERM');
    await expect.poll(refusesConnections, { interval: 10 }).toBe(true);
    program.child.kill('SIGTERM');
    expect(await program.exitCode).toBe(1);
    await expect(answer()).rejects.toThrow('fetch failed');
  });
});

/** Asks something that the sandbox, told to be slow, does not answer yet; gives the way to wait for the answer. */
async function askSlowly(program: Program, control: string, change: unknown): Promise<() => Promise<unknown>> {
  const address = await addressOf(program);
  const [, sandbox = ''] = /sandbox at (http:\/\/[^/]+)/.exec(program.printed()) ?? [];
  await fetch(`${sandbox}/__sandbox/${control}`, { method: 'PUT', body: JSON.stringify(change) });
  const answer = ask(address, '{ livestreams(first: 1) { totalCount } }');
  answer.catch(() => null);
  const readRequests = async (): Promise<string> => (await fetch(`${sandbox}/__sandbox/requests`)).text();
  await expect.poll(readRequests, { interval: 10 }).toMatch(/"inFlight":\s*1/);
  return async () => answer;
}

describe('told to end while somebody watches', () => {
  test.each([
    ['an event stream breaks off', watchOverStream, 'broken off'],
    ['a WebSocket is closed, to be opened anew', watchOverWebSocket, 1012],
  ])('%s, and it ends with code 0', async (_what, watch, ending) => {
    const program = start({ LOG_LEVEL: 'warn' });
    const { ended } = await watch(await addressOf(program));
    program.child.kill('SIGTERM');
    expect(await ended).toBe(ending);
    expect(await program.exitCode).toBe(0);
    expect(program.printed()).not.toMatch(/"level":|Unexpected/);
  });
});

const WATCH = { query: 'subscription { livestreamUpdated { id } }' };

/** Somebody who watches, and has seen something. */
interface Watching {
  /** What it ends with. */
  ended: Promise<unknown>;
}

async function watchOverStream(address: string): Promise<Watching> {
  const { body } = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify(WATCH),
  });
  if (body === null) throw new Error('No answer');
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  const read = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    text += decoder.decode(value);
    return done;
  };
  while (!text.includes('event: next')) await read();
  const toEnd = async (): Promise<string> => {
    while (!(await read()));
    return text;
  };
  return { ended: toEnd().catch(() => (text.includes('complete') ? text : 'broken off')) };
}

async function watchOverWebSocket(address: string): Promise<Watching> {
  const socket = new WebSocket(`${address.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  const closed = new Promise((resolve) => {
    socket.addEventListener('close', ({ code }) => resolve(code), { once: true });
  });
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: WATCH }));
  await once(socket, 'message');
  return { ended: closed };
}
