import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';

import { expect, onTestFinished, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '../..');

test('npm run example serves the live wall with a gateway and its sandbox, and Ctrl-C ends all of them', async () => {
  const env = { ...process.env, PORT: '0', SANDBOX_PORT: '0', PAGE_PORT: '0' };
  const child = spawn('npm', ['run', '--silent', 'example'], {
    cwd: ROOT,
    env,
    // A process group of its own, like a command in a terminal.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const output: unknown[] = await Promise.race([once(child.stdout, 'data'), exited]);
  const address = /^Live wall {2}(http:\S+\/)\n$/.exec(String(output[0]))?.[1] ?? '';
  try {
    const page = await fetch(address);
    expect(await page.text()).toContain('<title>Live wall</title>');
    const response = await fetch(`${address}graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: '{ livestreams(first: 1) { totalCount } }' }),
    });
    expect(await response.json()).toHaveProperty('data.livestreams.totalCount', 320);
  } finally {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGINT');
  }
  await exited;
  await expect(fetch(address)).rejects.toThrow('fetch failed');
});

test('npm run example ends its gateway, too, when it is ended before the page is ready', async () => {
  const reserved = createServer().listen(0, '127.0.0.1');
  await once(reserved, 'listening');
  const address = reserved.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await once(reserved.close(), 'close');
  const env = { ...process.env, PORT: String(port), SANDBOX_PORT: '0', PAGE_PORT: '0' };
  const child = spawn(process.execPath, ['examples/live-wall/start.ts'], { cwd: ROOT, env, stdio: 'ignore' });
  onTestFinished(() => void child.kill());
  const exited = once(child, 'exit');
  const isServed = async (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${port}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  await expect.poll(isServed, { timeout: 60_000 }).toBe(true);
  child.kill('SIGTERM');
  await exited;
  await expect.poll(isServed).toBe(false);
});

/** Runs the command to its end, and returns its code and what it has printed. */
async function runExample(settings: Record<string, string>): Promise<unknown> {
  const env = { ...process.env, PORT: '0', SANDBOX_PORT: '0', ...settings };
  const child = spawn(process.execPath, ['examples/live-wall/start.ts'], { cwd: ROOT, env });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: child.exitCode, stdout, stderr };
}

test.each([
  [
    'that is no number',
    { PAGE_PORT: 'http' },
    'PAGE_PORT: must be a whole number from 0 to 65535, not "http". Example: PAGE_PORT=5173\n',
  ],
  [
    'that is too large',
    { PAGE_PORT: '99999' },
    'PAGE_PORT: must be a whole number from 0 to 65535, not "99999". Example: PAGE_PORT=5173\n',
  ],
  [
    'of the gateway',
    { PAGE_PORT: '4000', PORT: '4000' },
    'PAGE_PORT: must differ from PORT and SANDBOX_PORT. Example: PAGE_PORT=5183\n',
  ],
])(
  'npm run example answers a port of the page %s with one line, before it does anything',
  async (_case, env, stderr) => {
    expect(await runExample(env)).toEqual({ code: 1, stdout: '', stderr });
  },
);

test('npm run example says in one line, before it does anything, that another program uses the port of the page', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await once(other, 'listening');
  const address = other.address();
  const port = String(typeof address === 'object' ? address?.port : address);
  expect(await runExample({ PAGE_PORT: port })).toEqual({
    code: 1,
    stdout: '',
    stderr: `PAGE_PORT: cannot listen on port ${port}: another program uses this port. Example: PAGE_PORT=5183\n`,
  });
});
