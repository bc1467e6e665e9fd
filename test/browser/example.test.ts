import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';

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
