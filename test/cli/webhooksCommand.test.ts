import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import { describe, expect, test } from 'vitest';

import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import { explain, runWebhookCommand } from '../../src/cli/webhooksCommand.ts';
import { at, closeAfterTest, serve } from '../sandbox/support.ts';

const HOOK = 'https://gateway.example/webhooks/realtimekit';
const TOKEN = 'Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY';

/** The environment of an operator, whose app is a sandbox's. */
async function operator() {
  const served = await serve();
  const environment = {
    CLOUDFLARE_BASE_URL: served.url,
    CLOUDFLARE_ACCOUNT_ID: 'an-account',
    REALTIMEKIT_APP_ID: 'an-app',
    CLOUDFLARE_API_TOKEN: TOKEN,
  };
  const transport = createUndiciTransport();
  closeAfterTest(transport);
  /** What the command prints, or the line that says why it failed. */
  const run = async (args: string[], changes: Record<string, string | undefined> = {}): Promise<string> => {
    const options = { clock: served.clock, random: () => 0, transport: transport.send };
    return runWebhookCommand(args, { ...options, environment: { ...environment, ...changes } }).catch(
      (error: unknown) => `failed: ${explain(error)}`,
    );
  };
  return { ...served, environment, run, requests: () => served.sandbox.requests().requests.length };
}

/** The real program, as `npm run webhooks` runs it. */
async function program(args: string[], settings: Record<string, string>) {
  const env = { PATH: process.env['PATH'], ...settings };
  const child = spawn(process.execPath, ['src/cli/webhooks.ts', ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, out, error };
}

describe('npm run webhooks', () => {
  test('registers, lists and removes; whatever fails is one line on stderr and exit code 1', async () => {
    const { environment, get } = await operator();
    const registered = await program(['register', '--url', HOOK], environment);
    const [, id = ''] = /^([0-9a-f-]{36}) /m.exec(registered.out) ?? [];
    const table = [
      `ID                                    ENABLED  URL                                           EVENTS`,
      `${id}  yes      ${HOOK}  livestreaming.statusUpdate, meeting.ended`,
      '',
    ].join('\n');
    expect(registered).toEqual({ code: 0, out: `Registered.\n${table}`, error: '' });
    expect(at((await get('/webhooks')).body, 'data', 0)).toMatchObject({ id, url: HOOK, enabled: true });
    expect(await program(['list'], environment)).toEqual({ code: 0, out: table, error: '' });
    expect(await program(['remove', id], environment)).toEqual({ code: 0, out: `Removed ${id}.\n`, error: '' });
    const gone = await program(['remove', id], environment);
    expect([gone.code, gone.out]).toEqual([1, '']);
    expect(gone.error).toMatch(/^There is no webhook \S+\. "npm run webhooks -- list" shows.*\n$/);
    const untold = await program(['list'], {});
    expect([untold.code, untold.out, untold.error]).toEqual([
      1,
      '',
      expect.stringMatching(/^CLOUDFLARE_ACCOUNT_ID: .*\n$/),
    ]);
  });
});

describe('register', () => {
  test('says what it did: added, nothing, updated', async () => {
    const { run, get, send } = await operator();
    expect(await run(['register', '--url', HOOK])).toMatch(/^Registered\.\nID /);
    expect(await run(['register', `--url=${HOOK}`])).toMatch(/^Nothing to do: it is registered already\.\nID /);
    const { body } = await get('/webhooks');
    await send('PATCH', `/webhooks/${String(at(body, 'data', 0, 'id'))}`, { enabled: false });
    expect(await run(['register', '--url', HOOK])).toMatch(/^Updated, for its URL was registered already\.\nID /);
    expect((await get('/webhooks')).body).toMatchObject({ data: [{ url: HOOK, enabled: true }] });
    expect(at((await get('/webhooks')).body, 'data', 1)).toBeUndefined();
  });

  test('says when the URL is registered several times', async () => {
    const { run, post } = await operator();
    for (const name of ['a', 'b', 'c']) await post('/webhooks', { name, url: HOOK, events: ['meeting.ended'] });
    expect(await run(['register', '--url', HOOK])).toContain('\nIts URL is registered 3 times: remove the others');
  });

  test.each([
    ['https://gateway.example', HOOK],
    ['https://gateway.example/', HOOK],
    ['https://gateway.example/prefix/hook', 'https://gateway.example/prefix/hook'],
    ['http://127.0.0.1:4000', 'http://127.0.0.1:4000/webhooks/realtimekit'],
    ['http://localhost:4000/x', 'http://localhost:4000/x'],
    ['http://[::1]:4000/x', 'http://[::1]:4000/x'],
  ])('%s is registered as %s', async (given, registered) => {
    const { run, get } = await operator();
    await run(['register', '--url', given]);
    expect(at((await get('/webhooks')).body, 'data', 0, 'url')).toBe(registered);
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
  ])('%j is refused before anything is sent', async (url) => {
    const { run, requests } = await operator();
    expect(await run(['register', '--url', url])).toMatch(
      /^failed: --url: ".*" is not an https address.* Example: --url https:\S+$/,
    );
    expect(requests()).toBe(0);
  });
});

describe('what cannot be done ends in one line that says what to do', () => {
  test.each([
    [[], {}, /^failed: Usage: npm run webhooks -- register --url \S+ \| list \| remove ID$/],
    [['delete', 'x'], {}, /^failed: Usage/],
    [['list', 'x'], {}, /^failed: Usage/],
    [['remove'], {}, /^failed: Usage/],
    [['register', HOOK], {}, /^failed: Usage/],
    [['register', '--url', HOOK, 'x'], {}, /^failed: Usage/],
    [['remove', '../meetings'], {}, /^failed: "..\/meetings" is not the id of a webhook\. An id is 1 to 64/],
    [
      ['list'],
      { CLOUDFLARE_API_TOKEN: undefined },
      /^failed: CLOUDFLARE_API_TOKEN: missing; .* Example: CLOUDFLARE_API_TOKEN=/,
    ],
    [['list'], { REALTIMEKIT_APP_ID: '' }, /^failed: REALTIMEKIT_APP_ID: missing/],
    [
      ['list'],
      { CLOUDFLARE_ACCOUNT_ID: '', REALTIMEKIT_APP_ID: '' },
      /^failed: CLOUDFLARE_ACCOUNT_ID: missing; webhooks are registered for an app/,
    ],
  ])('%j %j', async (args, changes, line) => {
    const { run, requests } = await operator();
    expect(await run(args, changes)).toMatch(line);
    expect(requests()).toBe(0);
  });

  test.each([
    [401, 'list', /^failed: RealtimeKit does not accept CLOUDFLARE_API_TOKEN\. Check .*\.$/],
    [403, 'list', /^failed: The API token may not do this: it needs the permission "Realtime" .*$/],
    [404, 'list', /^failed: RealtimeKit knows no such app\. Check CLOUDFLARE_ACCOUNT_ID and REALTIMEKIT_APP_ID\.$/],
    [404, 'register', /^failed: RealtimeKit knows no such app/],
    [400, 'register', /^failed: RealtimeKit refused a value of the request\. It says: .+$/],
  ])('status %i for %s', async (status, command, line) => {
    const { run, sandbox } = await operator();
    sandbox.fail([{ kind: 'status', status }]);
    const said = await run(command === 'list' ? ['list'] : ['register', '--url', HOOK]);
    expect(said).toMatch(line);
    expect(said).not.toContain(TOKEN);
  });

  test('a registration whose answer was lost says how to go on', async () => {
    const { run, sandbox } = await operator();
    sandbox.fail([{ kind: 'reset', method: 'POST', after: true, times: 1 }]);
    expect(await run(['register', '--url', HOOK])).toMatch(
      /^failed: .* Look with "npm run webhooks -- list"; to register again doubles nothing\.$/,
    );
    expect(await run(['register', '--url', HOOK])).toMatch(/^Nothing to do/);
  });

  test('a defect is told as it is', () => {
    expect(explain(new Error('a defect'))).toBeNull();
  });
});

describe('list', () => {
  test('says when there is none, and how to register', async () => {
    const { run } = await operator();
    expect(await run(['list'])).toMatch(/^No webhook is registered\. Usage: /);
  });

  test('shows them all in columns, and nothing that a terminal would obey', async () => {
    const { run, post } = await operator();
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
