import { describe, expect, test } from 'vitest';

import type { Fault } from '../../src/sandbox/faults.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { createClient } from '../../src/realtimekit/client.ts';
import type { Transport, TransportRequest } from '../../src/realtimekit/transport.ts';
import { createWebhookEndpoints, registerWebhook } from '../../src/realtimekit/webhookEndpoints.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { clientOptions, createOperation, eventually, failureOf, sandboxed } from '../support/upstream.ts';

const URL_OF_OURS = 'https://gateway.example/webhooks/realtimekit';
const EVENTS = ['livestreaming.statusUpdate', 'meeting.ended'];
const OURS = { name: 'ours', url: URL_OF_OURS, events: EVENTS };
const OTHER = { name: 'other', url: 'https://other.example/hook', events: ['meeting.started'], enabled: true };

/** The API's webhooks as one operation sees them, over HTTP. */
async function webhooksOf(settings: SettingsPatch = {}) {
  const served = await sandboxed(settings);
  const webhooks = createWebhookEndpoints(createClient(served.options));
  const operation = createOperation(served.clock);
  return {
    ...served,
    webhooks,
    operation,
    register: (fields = OURS) => registerWebhook(webhooks, operation, fields),
    list: async () => (await webhooks.list(operation)) ?? [],
    add: (fields: typeof OTHER) => webhooks.add(operation, fields),
  };
}

/** The same over answers that are made up. */
function webhooksOver(answer: unknown, status = 200) {
  const clock = createFakeClock();
  const sent: TransportRequest[] = [];
  const transport: Transport = async (request) => {
    sent.push(request);
    return { status, headers: {}, body: JSON.stringify(answer) };
  };
  return {
    webhooks: createWebhookEndpoints(createClient(clientOptions('http://api.test', transport, clock))),
    operation: createOperation(clock),
    /** The requests, as they were to be sent. */
    sent,
  };
}

describe('to register', () => {
  test('adds a webhook for the events, enabled', async () => {
    const { register, list, sandbox } = await webhooksOf();
    const registered = await register();
    expect(registered).toEqual({
      webhook: { id: registered?.webhook.id, ...OURS, enabled: true },
      outcome: 'added',
      duplicates: 0,
    });
    expect(await list()).toEqual([registered?.webhook]);
    expect(sandbox.requests().requests[1]).toMatchObject({ method: 'POST', body: { ...OURS, enabled: true } });
  });

  test('the same URL again changes nothing and sends nothing that could', async () => {
    const { register, list, routes } = await webhooksOf();
    const first = await register();
    for (const url of [URL_OF_OURS, 'HTTPS://Gateway.Example:443/webhooks/realtimekit'])
      expect(await register({ ...OURS, url })).toEqual({
        webhook: first?.webhook,
        outcome: 'unchanged',
        duplicates: 0,
      });
    expect(await list()).toHaveLength(1);
    expect(routes()).toEqual(['GET /webhooks', 'POST /webhooks', ...Array<string>(3).fill('GET /webhooks')]);
  });

  test.each([
    ['lacks an event', { events: ['meeting.ended'], enabled: true }, ['meeting.ended', 'livestreaming.statusUpdate']],
    ['is turned off', { events: EVENTS, enabled: false }, EVENTS],
    [
      'has other events too, which it keeps',
      { events: ['recording.statusUpdate'], enabled: true },
      ['recording.statusUpdate', ...EVENTS],
    ],
  ])('a webhook of this URL that %s is updated, not doubled', async (_what, fields, events) => {
    const { register, add, list, webhooks, operation } = await webhooksOf();
    await add(OTHER);
    const before = await webhooks.add(operation, { name: 'by hand', url: URL_OF_OURS, ...fields });
    const webhook = { id: before?.id, name: 'by hand', url: URL_OF_OURS, events, enabled: true };
    expect(await register()).toEqual({ webhook, outcome: 'changed', duplicates: 0 });
    expect(await list()).toEqual([expect.objectContaining(OTHER), webhook]);
  });

  test('leaves doubles alone, uses the one that lacks least, and tells how many there are', async () => {
    const { register, webhooks, operation, list } = await webhooksOf();
    const events = ['meeting.ended'];
    await webhooks.add(operation, { ...OURS, events, enabled: true });
    const best = await webhooks.add(operation, { ...OURS, enabled: true });
    await webhooks.add(operation, { ...OURS, events, enabled: false });
    const before = await list();
    expect(await register()).toEqual({ webhook: best, outcome: 'unchanged', duplicates: 2 });
    expect(await list()).toEqual(before);
  });

  test('adds it where the one that was found has been removed meanwhile', async () => {
    const { webhooks, operation, add, list } = await webhooksOf();
    const stale = await add({ ...OTHER, url: URL_OF_OURS });
    const fading = { ...webhooks, change: async () => webhooks.remove(operation, stale?.id ?? '').then(() => false) };
    expect(await registerWebhook(fading, operation, OURS)).toMatchObject({ outcome: 'added' });
    expect(await list()).toEqual([
      { ...OURS, id: expect.not.stringMatching(String(stale?.id)) as unknown, enabled: true },
    ]);
  });

  const lost: Fault[] = [
    { kind: 'reset', after: true },
    { kind: 'status', status: 502, after: true },
    { kind: 'status', status: 503, retryAfterSeconds: 1, after: true },
  ];
  test.each(lost)('is sent once whatever becomes of it, and doubles nothing when it is repeated: %j', async (fault) => {
    const { register, sandbox, routes, list, operation, webhooks } = await webhooksOf();
    sandbox.fail([{ ...fault, method: 'POST', times: 1 }]);
    expect(await failureOf(register())).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', outcome: 'unknown' });
    expect(routes()).toEqual(['GET /webhooks', 'POST /webhooks']);
    expect(await register()).toMatchObject({ outcome: 'unchanged' });
    const [added] = await list();
    sandbox.forgetRequests();
    for (const method of ['PATCH', 'DELETE'] as const) {
      sandbox.fail([{ ...fault, method, times: 1 }]);
      const work =
        method === 'PATCH'
          ? webhooks.change(operation, added?.id ?? '', { enabled: false })
          : webhooks.remove(operation, added?.id ?? '');
      expect(await failureOf(work)).toMatchObject({ outcome: 'unknown' });
    }
    expect(routes()).toEqual(['PATCH /webhooks/{webhook_id}', 'DELETE /webhooks/{webhook_id}']);
    expect(await list()).toEqual([]);
  });

  test('reads the list again where that may help', async () => {
    const { register, sandbox, clock, options, routes } = await webhooksOf();
    sandbox.fail([{ kind: 'status', status: 502, method: 'GET', times: 1 }]);
    const registering = register();
    await eventually(() => expect(options.backoffs).toHaveLength(1));
    clock.advance(1000);
    expect(await registering).toMatchObject({ outcome: 'added' });
    expect(routes()).toEqual(['GET /webhooks', 'GET /webhooks', 'POST /webhooks']);
  });

  test('works in the other envelope', async () => {
    const { register, list } = await webhooksOf({ shapes: { envelope: 'result', errors: 'errors' } });
    expect(await register()).toMatchObject({ outcome: 'added', webhook: OURS });
    expect(await register()).toMatchObject({ outcome: 'unchanged' });
    expect(await list()).toHaveLength(1);
  });
});

describe('to remove', () => {
  test('removes that one alone, and says when there is none', async () => {
    const { webhooks, operation, add, list, register, sandbox } = await webhooksOf();
    const other = await add(OTHER);
    const registered = await register();
    const id = registered?.webhook.id ?? '';
    expect(await webhooks.remove(operation, id)).toBe(true);
    expect(await list()).toEqual([other]);
    expect(await webhooks.remove(operation, id)).toBe(false);
    const bodies = sandbox
      .requests()
      .requests.filter(({ method }) => method === 'DELETE')
      .map(({ body }) => body);
    expect(bodies).toEqual([undefined, undefined]);
  });

  test('sends nothing for what is no id', async () => {
    const { webhooks, operation, sendings } = await webhooksOf();
    for (const id of ['', '..', 'a/b', 'x?y'])
      expect(await failureOf(webhooks.remove(operation, id))).toMatchObject({ outcome: 'notSent' });
    expect(sendings()).toBe(0);
  });
});

test('what has a body says that it is JSON, and nothing else does', async () => {
  const { webhooks, operation, sent } = webhooksOver({ success: true, data: { id: 'w-1' } });
  await webhooks.add(operation, { ...OURS, enabled: true });
  await webhooks.change(operation, 'w-1', { enabled: true });
  await webhooks.remove(operation, 'w-1');
  await webhooks.list(operation);
  expect(sent.map(({ method, headers, body }) => [method, headers['content-type'], typeof body])).toEqual([
    ['POST', 'application/json', 'string'],
    ['PATCH', 'application/json', 'string'],
    ['DELETE', undefined, 'undefined'],
    ['GET', undefined, 'undefined'],
  ]);
});

describe('the list', () => {
  const webhook = { id: 'w-1', name: 'n', url: 'https://a.example/', events: ['meeting.ended'], enabled: true };
  test.each([
    ['an array', { success: true, data: [webhook] }],
    ['an array in an object', { success: true, data: { webhooks: [webhook], paging: { total_count: 1 } } }],
    ['in `result`', { success: true, result: [webhook] }],
  ])('is read as %s', async (_what, answer) => {
    const { webhooks, operation } = webhooksOver(answer);
    expect(await webhooks.list(operation)).toEqual([webhook]);
  });

  test('takes what is not of its kind for absent, and leaves out what has no id', async () => {
    const rows = [
      { id: 'w-1', name: 5, url: [], events: ['a', 5], enabled: 'yes' },
      { id: 'w-2' },
      {},
      null,
      { id: '../x' },
    ];
    const { webhooks, operation } = webhooksOver({ success: true, data: rows });
    const nothing = { name: null, url: null, events: [], enabled: null };
    expect(await webhooks.list(operation)).toEqual([
      { id: 'w-1', ...nothing, events: ['a'] },
      { id: 'w-2', ...nothing },
    ]);
  });

  test('that is only a part of it is refused, for what is not seen would be doubled', async () => {
    const { webhooks, operation } = webhooksOver({ success: true, data: [webhook], paging: { total_count: 2 } });
    expect(await failureOf(webhooks.list(operation))).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
  });

  test('of an app that is not there is null, and so is what is registered there', async () => {
    const { webhooks, operation } = webhooksOver({ success: false, error: { code: 404 } }, 404);
    expect(await webhooks.list(operation)).toBeNull();
    expect(await webhooks.add(operation, { ...OURS, enabled: true })).toBeNull();
    expect(await registerWebhook(webhooks, operation, OURS)).toBeNull();
  });

  test('an addition that does not tell what was added is no success', async () => {
    const { webhooks, operation } = webhooksOver({ success: true, data: {} });
    expect(await failureOf(webhooks.add(operation, { ...OURS, enabled: true }))).toMatchObject({ outcome: 'unknown' });
  });
});
