import { exec } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

import packageJson from '../../package.json' with { type: 'json' };
import { cleanUpAfterTest } from '../support/cleanup.ts';
import { matching } from '../support/gateway.ts';
import { loadedParts, REPORT_LOADED_PARTS } from '../support/loadedParts.ts';
import { startTcp } from '../support/origins.ts';
import { listeningAddress, queryProgram, startProgram } from '../support/program.ts';

describe('the program, without settings', () => {
  test('serves the sandbox, and prints ids that can be queried', async () => {
    const program = startProgram();
    const address = await listeningAddress(program);
    const [live = '', idle = '', livestream = '', session = ''] = program.output().match(/[0-9a-f-]{36}/g) ?? [];
    const response = await queryProgram(
      address,
      `{ live: meeting(id: "${live}") { activeLivestream { status } }
         idle: meeting(id: "${idle}") { title activeLivestream { id } }
         livestream(id: "${livestream}") { status }
         livestreamSession(id: "${session}") { errorMessage } }`,
    );
    expect(response).toEqual({
      data: {
        live: { activeLivestream: { status: 'LIVE' } },
        idle: { title: 'Sales kick-off - Valparaíso', activeLivestream: null },
        livestream: { status: 'LIVE' },
        livestreamSession: { errorMessage: null },
      },
    });
    expect(program.output()).toContain('the sandbox at http://127.0.0.1:');
  });

  test('answers /health and /ready with 200, and redirects browsers to GraphiQL', async () => {
    const address = await listeningAddress(startProgram());
    expect((await fetch(`${address}/health`)).status).toBe(200);
    expect((await fetch(`${address}/ready`)).status).toBe(200);
    const home = await fetch(address, { headers: { accept: 'text/html' }, redirect: 'manual' });
    expect([home.status, home.headers.get('location')]).toEqual([302, 'graphql']);
  });
});

test('the program keeps idle connections open for as long as KEEP_ALIVE_TIMEOUT_MS says', async () => {
  const timeoutOf = async (settings: Record<string, string>) => {
    const { headers } = await fetch(`${await listeningAddress(startProgram(settings))}/health`);
    return headers.get('keep-alive');
  };
  expect(await timeoutOf({})).toBe('timeout=75');
  expect(await timeoutOf({ KEEP_ALIVE_TIMEOUT_MS: '620000' })).toBe('timeout=620');
});

test('the program reports its version in the banner, in the log and at /health', async () => {
  const { version } = packageJson;
  expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  const program = startProgram();
  const address = await listeningAddress(program);
  expect(program.output()).toContain(`realtimekit-graphql ${version}\n`);
  await program.waitForOutput(new RegExp(`^{.*"version":"${version}".*"msg":"Listening\\.".*}$`, 'm'));
  const response = await fetch(`${address}/health`);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.json()).toEqual({ status: 'ok', version });
});

describe('the program starts fast:', () => {
  const APP = {
    CLOUDFLARE_ACCOUNT_ID: 'account',
    REALTIMEKIT_APP_ID: 'app',
    CLOUDFLARE_API_TOKEN: 'token',
    CLOUDFLARE_BASE_URL: 'http://127.0.0.1:9',
  };

  test('it loads only the parts that its settings need, and the page of GraphiQL with its first visitor', async () => {
    const loaded = async (visitsGraphiql: boolean) => {
      const program = startProgram({ ...APP, METRICS: 'off' }, ['--import', REPORT_LOADED_PARTS]);
      const address = await listeningAddress(program);
      expect(await queryProgram(address, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
      if (visitsGraphiql) await (await fetch(`${address}/graphql`, { headers: { accept: 'text/html' } })).text();
      program.child.kill('SIGTERM');
      expect(await program.exitCode).toBe(0);
      return loadedParts(program.output());
    };
    expect(await loaded(false)).toEqual([]);
    expect(await loaded(true)).toEqual(['graphiql']);
  });

  test('it starts without a compile cache if the folder cannot be written', async () => {
    const program = startProgram({ ...APP, NODE_COMPILE_CACHE: '/dev/null/cache', LOG_LEVEL: 'silent' });
    const address = await listeningAddress(program);
    expect(await queryProgram(address, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
    expect(program.output()).not.toMatch(/cache|warning/i);
  });
});

describe('on a Node.js that cannot run TypeScript', () => {
  const scripts = Object.entries(packageJson.scripts).filter(([, command]) => /^node .*\.ts\b/.test(command));

  test('every script that runs TypeScript loads the check first', () => {
    expect(scripts.map(([name]) => name)).toEqual(expect.arrayContaining(['start', 'dev', 'check']));
    expect(scripts.filter(([, command]) => !/^node (--watch )?-r \.\/src\/cli\/checkNode\.cjs /.test(command))).toEqual(
      [],
    );
  });

  test.each(['start', 'check'] as const)(
    'npm run %s fails with one line that says which one is needed',
    async (name) => {
      const command = packageJson.scripts[name].replace(/^node/, '"$NODE" --no-experimental-strip-types');
      const run = promisify(exec)(command, { env: { NODE: process.execPath } });
      const stderr = matching(/^This project needs Node\.js >=\d+\.\d+, not v\S+\. Run "npm ci" .*\n$/);
      await expect(run).rejects.toMatchObject({ code: 1, stdout: '', stderr });
    },
  );
});

describe('the program exits with code 1 and one line that names the setting', () => {
  test.each([
    [{ PORT: 'http' }, /^PORT: .* Example: PORT=4000\n$/],
    [{ HOST: '0.0.0.0' }, /^AUTH: must be passthrough, jwt or api-key, because .* Example: AUTH=passthrough\n$/],
    [
      { HOST: '192.0.2.7', AUTH: 'passthrough' },
      /^HOST: must be an address of this machine.* Example: HOST=127\.0\.0\.1\n$/,
    ],
    [{ NODE_ENV: 'production' }, /^CLOUDFLARE_ACCOUNT_ID: must be set .* Example: CLOUDFLARE_ACCOUNT_ID=\S+\n$/],
    [{ CLOUDFLARE_ACCOUNT_ID: 'a' }, /^REALTIMEKIT_APP_ID: must be set .* Example: REALTIMEKIT_APP_ID=\S+\n$/],
  ])('with the settings %o', async (settings, line) => {
    const program = startProgram(settings);
    expect(await program.exitCode).toBe(1);
    expect(program.output()).toMatch(line);
  });

  test.each(['PORT', 'SANDBOX_PORT'])('if another program uses the port in %s', async (name) => {
    const otherServer = createServer().listen(0, '127.0.0.1');
    await once(otherServer, 'listening');
    const address = otherServer.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const program = startProgram({ [name]: String(port) });
    expect(await program.exitCode).toBe(1);
    expect(program.output()).toMatch(new RegExp(`^${name}: cannot listen on port ${port}: another program.*\n$`));
    otherServer.close();
  });
});

describe('an upstream that is of no use', () => {
  const IDS = { CLOUDFLARE_ACCOUNT_ID: 'account', REALTIMEKIT_APP_ID: 'app' };

  test('is reported at the start, which goes on', async () => {
    const program = startProgram({ ...IDS, CLOUDFLARE_API_TOKEN: 'token', CLOUDFLARE_BASE_URL: 'http://127.0.0.1:9' });
    const address = await listeningAddress(program);
    await program.waitForOutput(
      /"level":"error".*"cause":"refused","code":"ECONNREFUSED".*"check":"CLOUDFLARE_BASE_URL/,
    );
    const ready = await fetch(`${address}/ready`);
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, draining: false, upstream: 'refused' }]);
  });

  test('is reported as unreachable, not as slow, if no connection comes about within an attempt', async () => {
    const silent = await startTcp();
    cleanUpAfterTest(() => silent.stop());
    const program = startProgram({
      ...IDS,
      CLOUDFLARE_API_TOKEN: 'token',
      CLOUDFLARE_BASE_URL: silent.url,
      UPSTREAM_ATTEMPT_TIMEOUT_MS: '3000',
    });
    const address = await listeningAddress(program);
    await program.waitForOutput(/"cause":"/);
    expect(await (await fetch(`${address}/ready`)).json()).toMatchObject({ upstream: 'connect_timeout' });
  });

  test('is not looked for where callers send their own tokens', async () => {
    const settings = { ...IDS, AUTH: 'passthrough', CLOUDFLARE_BASE_URL: 'http://127.0.0.1:9' };
    const address = await listeningAddress(startProgram(settings));
    expect(await (await fetch(`${address}/ready`)).json()).toMatchObject({ upstream: 'unknown' });
  });
});
