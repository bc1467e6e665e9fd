import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { eventually } from '../support/eventually.ts';
import { matching, serve } from './support.ts';

const run = promisify(execFile);
const runMain = (port: string) =>
  run(process.execPath, ['src/sandbox/main.ts'], { env: { ...process.env, SANDBOX_PORT: port } });

describe('the server', () => {
  test('rejects where the port is taken', async () => {
    const { origin } = await serve();
    await expect(startSandboxServer({ port: Number(new URL(origin).port) })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  test('ends open requests when it closes', async () => {
    const server = await startSandboxServer({ port: 0 });
    server.sandbox.setFaults([{ kind: 'hang' }]);
    const answer = fetch(`${server.url}/accounts/a/realtime/kit/b/meetings`, {
      headers: { authorization: 'Bearer t' },
    });
    await eventually(() => expect(server.sandbox.requests().inFlight).toBe(1));
    await Promise.all([expect(answer).rejects.toThrow('fetch failed'), server.close()]);
  });
});

describe('in process', () => {
  test('the sandbox answers without a server', async () => {
    const sandbox = createSandbox();
    const url = `http://any/client/v4/accounts/a/realtime/kit/b/meetings/${sandbox.exampleIds.liveMeetingId}`;
    const response = await sandbox.fetch(new Request(url, { headers: { authorization: 'Bearer t' } }));
    expect(response.status).toBe(200);
  });

  test('refuses settings it does not know at creation', () => {
    expect(() => createSandbox({ settings: { latencyMs: -1 } })).toThrow('latencyMs must be a number of at least 0');
  });
});

describe('npm run sandbox', () => {
  test('prints where it is, ids to try and examples, and ends on SIGTERM', async () => {
    const child = spawn(process.execPath, ['src/sandbox/main.ts'], { env: { ...process.env, SANDBOX_PORT: '0' } });
    const exited = once(child, 'exit');
    const printed: unknown = (await once(child.stdout, 'data'))[0];
    expect(String(printed)).toContain(createSandbox().exampleIds.liveMeetingId);
    expect(String(printed)).toContain('/.well-known/webhooks.json');
    expect(String(printed)).toMatch(/curl .*Authorization: Bearer/);
    expect(String(printed)).toMatch(/curl .*\/__sandbox\/settings/);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  test('listens where SANDBOX_HOST says, so that other machines can reach it', async () => {
    const env = { ...process.env, SANDBOX_HOST: '0.0.0.0', SANDBOX_PORT: '0' };
    const child = spawn(process.execPath, ['src/sandbox/main.ts'], { env });
    const exited = once(child, 'exit');
    const printed: unknown = (await once(child.stdout, 'data'))[0];
    expect(String(printed)).toMatch(/API is at http:\/\/0\.0\.0\.0:\d+\/client\/v4/);
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
  });

  test.each(['70000', 'http'])('ends with one line naming SANDBOX_PORT for the port %s', async (port) => {
    await expect(runMain(port)).rejects.toMatchObject({
      code: 1,
      stderr: matching(/^SANDBOX_PORT: .+ Example: SANDBOX_PORT=4011\n$/),
    });
  });

  test('ends with one line naming SANDBOX_PORT where the port is taken', async () => {
    const { origin } = await serve();
    const { port } = new URL(origin);
    await expect(runMain(port)).rejects.toMatchObject({
      code: 1,
      stderr: matching(/^SANDBOX_PORT: .+ Example: SANDBOX_PORT=4011\n$/),
    });
  });
});
