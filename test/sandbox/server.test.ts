import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { eventually } from '../support/eventually.ts';
import { PROGRAMS } from '../support/programs.ts';
import { stringMatching, serveSandbox } from './serveSandbox.ts';

const run = promisify(execFile);
const runMain = (port: string, host = '127.0.0.1') =>
  run(process.execPath, [PROGRAMS.sandbox], { env: { ...process.env, SANDBOX_PORT: port, SANDBOX_HOST: host } });

describe('the server', () => {
  test('rejects if the port is in use', async () => {
    const { origin } = await serveSandbox();
    await expect(startSandboxServer({ port: Number(new URL(origin).port) })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  test('ends open requests when it is closed', async () => {
    const server = await startSandboxServer({ port: 0 });
    server.sandbox.setFaults([{ kind: 'hang' }]);
    const response = fetch(`${server.url}/accounts/a/realtime/kit/b/meetings`, {
      headers: { authorization: 'Bearer t' },
    });
    await eventually(() => expect(server.sandbox.requests().inFlight).toBe(1));
    await Promise.all([expect(response).rejects.toThrow('fetch failed'), server.close()]);
  });
});

describe('a sandbox without a server', () => {
  test('handles requests in the process', async () => {
    const sandbox = createSandbox();
    const url = `http://any/client/v4/accounts/a/realtime/kit/b/meetings/${sandbox.exampleIds.liveMeetingId}`;
    const response = await sandbox.fetch(new Request(url, { headers: { authorization: 'Bearer t' } }));
    expect(response.status).toBe(200);
  });

  test('rejects invalid settings when it is created', () => {
    expect(() => createSandbox({ settings: { latencyMs: -1 } })).toThrow('latencyMs must be a number of at least 0');
  });
});

describe('npm run sandbox', () => {
  test('prints its URLs, example ids and commands, and exits on SIGTERM', async () => {
    const child = spawn(process.execPath, [PROGRAMS.sandbox], { env: { ...process.env, SANDBOX_PORT: '0' } });
    const exited = once(child, 'exit');
    const printed: unknown = (await once(child.stdout, 'data'))[0];
    expect(String(printed)).toContain(createSandbox().exampleIds.liveMeetingId);
    expect(String(printed)).toContain('/.well-known/webhooks.json');
    expect(String(printed)).toMatch(/curl .*Authorization: Bearer/);
    expect(String(printed)).toMatch(/curl .*\/__sandbox\/settings/);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  test('listens on SANDBOX_HOST, and ignores white space around settings', async () => {
    const env = { ...process.env, SANDBOX_HOST: ' 0.0.0.0 ', SANDBOX_PORT: ' 0\r' };
    const child = spawn(process.execPath, [PROGRAMS.sandbox], { env });
    const exited = once(child, 'exit');
    const printed: unknown = (await once(child.stdout, 'data'))[0];
    expect(String(printed)).toMatch(/API is at http:\/\/0\.0\.0\.0:\d+\/client\/v4/);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  test.each(['127.0.0.1:4001', '203.0.113.1'])('exits with one line that names SANDBOX_HOST for %s', async (host) => {
    await expect(runMain('0', host)).rejects.toMatchObject({
      code: 1,
      stderr: stringMatching(/^SANDBOX_HOST: .+ Example: SANDBOX_HOST=127\.0\.0\.1\n$/),
    });
  });

  test.each(['70000', 'http'])('exits with one line that names SANDBOX_PORT for the port %s', async (port) => {
    await expect(runMain(port)).rejects.toMatchObject({
      code: 1,
      stderr: stringMatching(/^SANDBOX_PORT: .+ Example: SANDBOX_PORT=4011\n$/),
    });
  });

  test('exits with one line that names SANDBOX_PORT if the port is in use', async () => {
    const { origin } = await serveSandbox();
    const { port } = new URL(origin);
    await expect(runMain(port)).rejects.toMatchObject({
      code: 1,
      stderr: stringMatching(/^SANDBOX_PORT: .+ Example: SANDBOX_PORT=4011\n$/),
    });
  });
});
