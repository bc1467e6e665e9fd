import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import { describe, expect, test } from 'vitest';

import { UpstreamError } from '../../src/domain/errors.ts';
import type { Transport } from '../../src/realtimekit/transport.ts';
import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import { explain, runWebhookCommand } from '../../src/cli/webhooksCommand.ts';
import { getAt, serveSandbox } from '../sandbox/serveSandbox.ts';
import { cleanUpAfterTest } from '../support/cleanup.ts';
import { PROGRAMS } from '../support/programs.ts';

const HOOK = 'https://gateway.example/webhooks/realtimekit';
const TOKEN = 'Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY';

/** A sandbox, and a function that runs the command against it. */
async function startOperator() {
  const served = await serveSandbox();
  const environment = {
    CLOUDFLARE_BASE_URL: served.url,
    CLOUDFLARE_ACCOUNT_ID: 'an-account',
    REALTIMEKIT_APP_ID: 'an-app',
    CLOUDFLARE_API_TOKEN: TOKEN,
  };
  const transport = createUndiciTransport();
  cleanUpAfterTest(() => transport.close());
  /** Returns what the command prints, or the error line after `failed: `. */
  const run = async (
    args: string[],
    changes: Record<string, string | undefined> = {},
    intercept: (send: Transport) => Transport = (send) => send,
  ): Promise<string> => {
    const options = { clock: served.clock, random: () => 0, transport: intercept(transport.send) };
    return runWebhookCommand(args, { ...options, environment: { ...environment, ...changes } }).catch(
      (error: unknown) => `failed: ${explain(error, args)}`,
    );
  };
  return { ...served, environment, run, requests: () => served.sandbox.requests().requests.length };
}

/** Runs the program as a process, like `npm run webhooks`. */
async function runProgram(args: string[], settings: Record<string, string>) {
  const env = { PATH: process.env['PATH'], ...settings };
  const child = spawn(process.execPath, [PROGRAMS.webhooks, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, out, error };
}

describe('npm run webhooks', () => {
  test('registers, lists and removes webhooks, and ends with one line on stderr and code 1 when it fails', async () => {
    const { environment, get } = await startOperator();
    const registered = await runProgram(['register', '--url', HOOK], environment);
    const [, id = ''] = /^([0-9a-f-]{36}) /m.exec(registered.out) ?? [];
    const table = [
      `ID                                    ENABLED  URL                                           EVENTS`,
      `${id}  yes      ${HOOK}  livestreaming.statusUpdate, meeting.ended`,
      '',
    ].join('\n');
    expect(registered).toEqual({ code: 0, out: `Registered.\n${table}`, error: '' });
    expect(getAt((await get('/webhooks')).body, 'data', 0)).toMatchObject({ id, url: HOOK, enabled: true });
    expect(await runProgram(['list'], environment)).toEqual({ code: 0, out: table, error: '' });
    expect(await runProgram(['remove', id], environment)).toEqual({ code: 0, out: `Removed ${id}.\n`, error: '' });
    const gone = await runProgram(['remove', id], environment);
    expect([gone.code, gone.out]).toEqual([1, '']);
    expect(gone.error).toMatch(/^There is no webhook \S+\. Run "npm run webhooks -- list" .*\n$/);
    const unconfigured = await runProgram(['list'], {});
    expect([unconfigured.code, unconfigured.out, unconfigured.error]).toEqual([
      1,
      '',
      expect.stringMatching(/^CLOUDFLARE_ACCOUNT_ID: .*\n$/),
    ]);
  });
});

describe('register', () => {
  test('reuses a registration that differs only in a slash at its end, to which the gateway listens as well', async () => {
    const { run, get } = await startOperator();
    await run(['register', '--url', HOOK]);
    expect(await run(['register', '--url', `${HOOK}/`])).toMatch(
      /^Nothing to do: the URL is registered already\.\nID /,
    );
    expect(getAt((await get('/webhooks')).body, 'data', 1)).toBeUndefined();
  });

  test('says whether it added, kept or updated the registration', async () => {
    const { run, get, send } = await startOperator();
    expect(await run(['register', '--url', HOOK])).toMatch(/^Registered\.\nID /);
    expect(await run(['register', `--url=${HOOK}`])).toMatch(/^Nothing to do: the URL is registered already\.\nID /);
    const { body } = await get('/webhooks');
    await send('PATCH', `/webhooks/${String(getAt(body, 'data', 0, 'id'))}`, { enabled: false });
    expect(await run(['register', '--url', HOOK])).toMatch(/^Updated the existing registration\.\nID /);
    expect((await get('/webhooks')).body).toMatchObject({ data: [{ url: HOOK, enabled: true }] });
    expect(getAt((await get('/webhooks')).body, 'data', 1)).toBeUndefined();
  });

  /** Runs `register` against the sandbox, with another response of `GET /webhooks/all`. */
  async function registerWithEvents(status: number, data: unknown) {
    const operator = await startOperator();
    const output = await operator.run(
      ['register', '--url', HOOK],
      {},
      (send) => async (request) =>
        request.url.endsWith('/webhooks/all')
          ? { status, headers: {}, body: JSON.stringify({ success: status === 200, data }) }
          : send(request),
    );
    const events: unknown = getAt((await operator.get('/webhooks')).body, 'data', 0, 'events');
    return { output, events };
  }

  const BOTH = ['livestreaming.statusUpdate', 'meeting.ended'];

  test.each([
    ['names', 200, BOTH],
    ['objects', 200, { events: BOTH.map((name) => ({ name, description: 'A text.' })) }],
    ['no names', 200, []],
    ['an error', 404, null],
  ])('subscribes to both events if the list of all events has %s', async (_what, status, data) => {
    const { output, events } = await registerWithEvents(status, data);
    expect(output).toMatch(/^Registered\.\n/);
    expect(output).not.toContain('has no event');
    expect(events).toEqual(BOTH);
  });

  test('subscribes only to events that RealtimeKit has, and says which one it does not have', async () => {
    const { output, events } = await registerWithEvents(200, ['livestreaming.statusUpdate', 'meeting.finished']);
    expect(output).toMatch(/^Registered\.\n[^]*\nRealtimeKit has no event meeting\.ended: look for a newer version/);
    expect(events).toEqual(['livestreaming.statusUpdate']);
  });

  test('registers nothing if RealtimeKit has none of the events', async () => {
    const { output, events } = await registerWithEvents(200, ['meeting.finished']);
    expect(output).toMatch(/^failed: RealtimeKit has none of the events /);
    expect(events).toBeUndefined();
  });

  test('warns when the URL is registered several times', async () => {
    const { run, post } = await startOperator();
    for (const name of ['a', 'b', 'c']) await post('/webhooks', { name, url: HOOK, events: ['meeting.ended'] });
    expect(await run(['register', '--url', HOOK])).toContain('\nThe URL is registered 3 times. Remove the other');
  });

  test.each([
    ['https://gateway.example', HOOK],
    ['https://gateway.example/', HOOK],
    ['https://gateway.example/prefix/hook', 'https://gateway.example/prefix/hook'],
    ['http://127.0.0.1:4000', 'http://127.0.0.1:4000/webhooks/realtimekit'],
    ['http://localhost:4000/x', 'http://localhost:4000/x'],
    ['http://[::1]:4000/x', 'http://[::1]:4000/x'],
  ])('registers %s as %s', async (given, expected) => {
    const { run, get } = await startOperator();
    await run(['register', '--url', given]);
    expect(getAt((await get('/webhooks')).body, 'data', 0, 'url')).toBe(expected);
  });

  test.each([
    'http://gateway.example/x',
    'http://127.0.0.1.example/x',
    'ftp://127.0.0.1/x',
    'gateway.example/x',
    'https://user@gateway.example/x',
    'https://:secret@gateway.example/x',
    'https://gateway.example/x#y',
    '',
    'https://\u{7}',
  ])('rejects %j without sending a request', async (url) => {
    const { run, requests } = await startOperator();
    expect(await run(['register', '--url', url])).toMatch(
      /^failed: --url: must be an https URL .*, not ".*"\. Example: --url https:\S+$/,
    );
    expect(requests()).toBe(0);
  });
});

describe('a command that fails', () => {
  test.each([
    [[], {}, /^failed: Usage: npm run webhooks -- register --url \S+ \| list \| remove ID$/],
    [['delete', 'x'], {}, /^failed: Usage/],
    [['list', 'x'], {}, /^failed: Usage/],
    [['remove'], {}, /^failed: Usage/],
    [['register', HOOK], {}, /^failed: Usage/],
    [['register', '--url', HOOK, 'x'], {}, /^failed: Usage/],
    [['remove', '../meetings'], {}, /^failed: "..\/meetings" is not the ID of a webhook\. An ID is 1 to 64/],
    [
      ['list'],
      { CLOUDFLARE_API_TOKEN: undefined },
      /^failed: CLOUDFLARE_API_TOKEN: must be set .* Example: CLOUDFLARE_API_TOKEN=/,
    ],
    [['list'], { REALTIMEKIT_APP_ID: '' }, /^failed: REALTIMEKIT_APP_ID: must be set/],
    [
      ['list'],
      { CLOUDFLARE_ACCOUNT_ID: '', REALTIMEKIT_APP_ID: '' },
      /^failed: CLOUDFLARE_ACCOUNT_ID: must be set, .* because webhooks belong to an app/,
    ],
  ])('sends no request and says what to do: %j with %j', async (args, changes, line) => {
    const { run, requests } = await startOperator();
    expect(await run(args, changes)).toMatch(line);
    expect(requests()).toBe(0);
  });

  test.each([
    [401, 'list', /^failed: RealtimeKit rejects CLOUDFLARE_API_TOKEN\. Check .*\.$/],
    [403, 'list', /^failed: RealtimeKit rejects CLOUDFLARE_API_TOKEN\. Check .*\.$/],
    [404, 'list', /^failed: RealtimeKit does not know .* check CLOUDFLARE_ACCOUNT_ID and REALTIMEKIT_APP_ID\./],
    [404, 'register', /^failed: RealtimeKit does not know/],
    [400, 'register', /^failed: RealtimeKit rejected a value in the request\. RealtimeKit reports: .+$/],
  ])('because of status %i says what to do: %s', async (status, command, line) => {
    const { run, sandbox } = await startOperator();
    sandbox.setFaults([{ kind: 'status', status }]);
    const output = await run(command === 'list' ? ['list'] : ['register', '--url', HOOK]);
    expect(output).toMatch(line);
    expect(output).not.toContain(TOKEN);
  });

  test('because the response to a registration is lost says how to continue', async () => {
    const { run, sandbox } = await startOperator();
    sandbox.setFaults([{ kind: 'reset', method: 'POST', after: true, times: 1 }]);
    expect(await run(['register', '--url', HOOK])).toMatch(
      /^failed: .* Check with "npm run webhooks -- list"\. Registering again does not create a duplicate\.$/,
    );
    expect(await run(['register', '--url', HOOK])).toMatch(/^Nothing to do/);
  });

  test.each([
    ['register', ' Check with "npm run webhooks -- list". Registering again does not create a duplicate.'],
    ['remove', ' Check with "npm run webhooks -- list".'],
    ['list', ''],
  ])('because the outcome is unknown gives only advice that applies to the command: %s', (command, advice) => {
    const upstream = { status: 500, code: null, message: 'Try later', ray: null };
    const error = new UpstreamError('unknown', 'UPSTREAM_UNAVAILABLE', 'No result.', { upstream });
    expect(explain(error, [command])).toBe(`No result. RealtimeKit reports: Try later.${advice}`);
  });

  test('because RealtimeKit cannot be reached says why, and what to check', () => {
    const reason = { cause: 'refused', code: 'ECONNREFUSED' } as const;
    expect(explain(new UpstreamError('notSent', 'UPSTREAM_UNAVAILABLE', 'No connection.', { reason }), ['list'])).toBe(
      'No connection. The reason: nothing accepts connections at the address (ECONNREFUSED). Check CLOUDFLARE_BASE_URL, HTTPS_PROXY.',
    );
  });

  test('because the sandbox is on says so', async () => {
    const { run } = await startOperator();
    expect(await run(['list'], { SANDBOX: 'on' })).toMatch(/ SANDBOX must not be on, /);
  });

  test('because of a defect is not explained', () => {
    expect(explain(new Error('a defect'), ['list'])).toBeNull();
  });
});

describe('list', () => {
  test('says that no webhook is registered, and how to register one', async () => {
    const { run } = await startOperator();
    expect(await run(['list'])).toMatch(/^No webhook is registered\. Usage: /);
  });

  test('prints all webhooks in columns, without control characters', async () => {
    const { run, post } = await startOperator();
    await post('/webhooks', { name: 'a', url: 'https://a.example/', events: ['meeting.ended'], enabled: false });
    await post('/webhooks', {
      name: 'b',
      url: 'https://b.example/\u{1b}[2J\n\u{202e}',
      events: ['meeting.started', 'meeting.ended'],
    });
    const lines = (await run(['list'])).split('\n');
    expect(lines.map((line) => line.slice(38).trimEnd())).toEqual([
      'ENABLED  URL                       EVENTS',
      'no       https://a.example/        meeting.ended',
      'yes      https://b.example/?[2J??  meeting.started, meeting.ended',
    ]);
  });
});
