import { describe, expect, test } from 'vitest';

import type { Fault } from '../../src/sandbox/faults.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { createClient } from '../../src/realtimekit/client.ts';
import type { Transport, TransportRequest } from '../../src/realtimekit/transport.ts';
import { createWebhookEndpoints, registerWebhook } from '../../src/realtimekit/webhookEndpoints.ts';
import { eventually } from '../support/eventually.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { clientOptions, createOperation, upstreamErrorOf, startSandboxedClient } from '../support/upstream.ts';

const HOOK_URL = 'https://gateway.example/webhooks/realtimekit';
const EVENTS = ['livestreaming.statusUpdate', 'meeting.ended'];
const FIELDS = { name: 'ours', url: HOOK_URL, events: EVENTS };
const OTHER = { name: 'other', url: 'https://other.example/hook', events: ['meeting.started'], enabled: true };

/** The webhook endpoints of a sandbox, over HTTP. */
async function setUp(settings: SettingsPatch = {}) {
  const served = await startSandboxedClient(settings);
  const webhooks = createWebhookEndpoints(createClient(served.options));
  const operation = createOperation(served.clock);
  return {
    ...served,
    webhooks,
    operation,
    register: (fields = FIELDS) => registerWebhook(webhooks, operation, fields),
    list: async () => (await webhooks.list(operation)) ?? [],
    add: (fields: typeof OTHER) => webhooks.add(operation, fields),
  };
}

/** The webhook endpoints over a transport that always responds with this body and status. */
function setUpWithBody(body: unknown, status = 200) {
  const clock = createFakeClock();
  const sent: TransportRequest[] = [];
  const transport: Transport = async (request) => {
    sent.push(request);
    return { status, headers: {}, body: JSON.stringify(body) };
  };
  return {
    webhooks: createWebhookEndpoints(createClient(clientOptions('http://api.test', transport, clock))),
    operation: createOperation(clock),
    /** The requests that the transport got. */
    sent,
  };
}

describe('registerWebhook', () => {
  test('adds an enabled webhook with the events', async () => {
    const { register, list, sandbox } = await setUp();
    const registered = await register();
    expect(registered).toEqual({
      webhook: { id: registered?.webhook.id, ...FIELDS, enabled: true },
      outcome: 'added',
      duplicates: 0,
    });
    expect(await list()).toEqual([registered?.webhook]);
    expect(sandbox.requests().requests[1]).toMatchObject({ method: 'POST', body: { ...FIELDS, enabled: true } });
  });

  test('sends no write when the URL is registered already', async () => {
    const { register, list, routes } = await setUp();
    const first = await register();
    for (const url of [HOOK_URL, 'HTTPS://Gateway.Example:443/webhooks/realtimekit'])
      expect(await register({ ...FIELDS, url })).toEqual({
        webhook: first?.webhook,
        outcome: 'unchanged',
        duplicates: 0,
      });
    expect(await list()).toHaveLength(1);
    expect(routes()).toEqual(['GET /webhooks', 'POST /webhooks', ...Array<string>(3).fill('GET /webhooks')]);
  });

  test.each([
    ['lacks an event', { events: ['meeting.ended'], enabled: true }, ['meeting.ended', 'livestreaming.statusUpdate']],
    ['is disabled', { events: EVENTS, enabled: false }, EVENTS],
    [
      'has other events, which stay',
      { events: ['recording.statusUpdate'], enabled: true },
      ['recording.statusUpdate', ...EVENTS],
    ],
  ])('updates an existing webhook of the URL that %s', async (_what, fields, events) => {
    const { register, add, list, webhooks, operation } = await setUp();
    await add(OTHER);
    const before = await webhooks.add(operation, { name: 'by hand', url: HOOK_URL, ...fields });
    const webhook = { id: before?.id, name: 'by hand', url: HOOK_URL, events, enabled: true };
    expect(await register()).toEqual({ webhook, outcome: 'changed', duplicates: 0 });
    expect(await list()).toEqual([expect.objectContaining(OTHER), webhook]);
  });

  test('uses the duplicate that lacks least, does not change the others, and reports how many there are', async () => {
    const { register, webhooks, operation, list } = await setUp();
    const events = ['meeting.ended'];
    await webhooks.add(operation, { ...FIELDS, events, enabled: true });
    const best = await webhooks.add(operation, { ...FIELDS, enabled: true });
    await webhooks.add(operation, { ...FIELDS, events, enabled: false });
    const before = await list();
    expect(await register()).toEqual({ webhook: best, outcome: 'unchanged', duplicates: 2 });
    expect(await list()).toEqual(before);
  });

  test('adds a webhook when the existing one is removed before the update', async () => {
    const { webhooks, operation, add, list } = await setUp();
    const stale = await add({ ...OTHER, url: HOOK_URL });
    const removing = { ...webhooks, update: async () => webhooks.remove(operation, stale?.id ?? '').then(() => false) };
    expect(await registerWebhook(removing, operation, FIELDS)).toMatchObject({ outcome: 'added' });
    expect(await list()).toEqual([
      { ...FIELDS, id: expect.not.stringMatching(stale?.id ?? '') as unknown, enabled: true },
    ]);
  });

  const lost: Fault[] = [
    { kind: 'reset', after: true },
    { kind: 'status', status: 502, after: true },
    { kind: 'status', status: 503, retryAfterSeconds: 1, after: true },
  ];
  test.each(lost)(
    'sends each write once when its response is lost, and adds no duplicate when it is called again: %j',
    async (fault) => {
      const { register, sandbox, routes, list, operation, webhooks } = await setUp();
      sandbox.setFaults([{ ...fault, method: 'POST', times: 1 }]);
      expect(await upstreamErrorOf(register())).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', outcome: 'unknown' });
      expect(routes()).toEqual(['GET /webhooks', 'POST /webhooks']);
      expect(await register()).toMatchObject({ outcome: 'unchanged' });
      const [added] = await list();
      sandbox.clearRequests();
      for (const method of ['PATCH', 'DELETE'] as const) {
        sandbox.setFaults([{ ...fault, method, times: 1 }]);
        const work =
          method === 'PATCH'
            ? webhooks.update(operation, added?.id ?? '', { enabled: false })
            : webhooks.remove(operation, added?.id ?? '');
        expect(await upstreamErrorOf(work)).toMatchObject({ outcome: 'unknown' });
      }
      expect(routes()).toEqual(['PATCH /webhooks/{webhook_id}', 'DELETE /webhooks/{webhook_id}']);
      expect(await list()).toEqual([]);
    },
  );

  test('retries the read of the list after a transient failure', async () => {
    const { register, sandbox, clock, options, routes } = await setUp();
    sandbox.setFaults([{ kind: 'status', status: 502, method: 'GET', times: 1 }]);
    const registering = register();
    await eventually(() => expect(options.backoffs).toHaveLength(1));
    clock.advance(1000);
    expect(await registering).toMatchObject({ outcome: 'added' });
    expect(routes()).toEqual(['GET /webhooks', 'GET /webhooks', 'POST /webhooks']);
  });

  test('works with the other envelope', async () => {
    const { register, list } = await setUp({ responseFormats: { envelope: 'result', errors: 'errors' } });
    expect(await register()).toMatchObject({ outcome: 'added', webhook: FIELDS });
    expect(await register()).toMatchObject({ outcome: 'unchanged' });
    expect(await list()).toHaveLength(1);
  });
});

describe('remove', () => {
  test('removes only the webhook with the id, and returns false if there is none', async () => {
    const { webhooks, operation, add, list, register, sandbox } = await setUp();
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

  test('sends nothing for an invalid id', async () => {
    const { webhooks, operation, sendings } = await setUp();
    for (const id of ['', '..', 'a/b', 'x?y'])
      expect(await upstreamErrorOf(webhooks.remove(operation, id))).toMatchObject({ outcome: 'notSent' });
    expect(sendings()).toBe(0);
  });
});

test('only requests with a body have a content-type, which is JSON', async () => {
  const { webhooks, operation, sent } = setUpWithBody({ success: true, data: { id: 'w-1' } });
  await webhooks.add(operation, { ...FIELDS, enabled: true });
  await webhooks.update(operation, 'w-1', { enabled: true });
  await webhooks.remove(operation, 'w-1');
  await webhooks.list(operation);
  expect(sent.map(({ method, headers, body }) => [method, headers['content-type'], typeof body])).toEqual([
    ['POST', 'application/json', 'string'],
    ['PATCH', 'application/json', 'string'],
    ['DELETE', undefined, 'undefined'],
    ['GET', undefined, 'undefined'],
  ]);
});

describe('list', () => {
  const webhook = { id: 'w-1', name: 'n', url: 'https://a.example/', events: ['meeting.ended'], enabled: true };
  test.each([
    ['an array', { success: true, data: [webhook] }],
    ['an array in an object', { success: true, data: { webhooks: [webhook], paging: { total_count: 1 } } }],
    ['in `result`', { success: true, result: [webhook] }],
  ])('returns the webhooks from %s', async (_format, body) => {
    const { webhooks, operation } = setUpWithBody(body);
    expect(await webhooks.list(operation)).toEqual([webhook]);
  });

  test('treats fields of the wrong type as absent, and leaves out webhooks without a valid id', async () => {
    const rows = [
      { id: 'w-1', name: 5, url: [], events: ['a', 5], enabled: 'yes' },
      { id: 'w-2' },
      {},
      null,
      { id: '../x' },
    ];
    const { webhooks, operation } = setUpWithBody({ success: true, data: rows });
    const absent = { name: null, url: null, events: [], enabled: null };
    expect(await webhooks.list(operation)).toEqual([
      { id: 'w-1', ...absent, events: ['a'] },
      { id: 'w-2', ...absent },
    ]);
  });

  test('rejects an incomplete list', async () => {
    const { webhooks, operation } = setUpWithBody({ success: true, data: [webhook], paging: { total_count: 2 } });
    expect(await upstreamErrorOf(webhooks.list(operation))).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE' });
  });

  test('fails for an app that does not exist, as do add and registerWebhook', async () => {
    const { webhooks, operation } = setUpWithBody({ success: false, error: { code: 404 } }, 404);
    for (const work of [
      webhooks.list(operation),
      webhooks.add(operation, { ...FIELDS, enabled: true }),
      registerWebhook(webhooks, operation, FIELDS),
    ]) {
      expect(await upstreamErrorOf(work)).toMatchObject({ outcome: 'rejected', reason: { cause: 'address' } });
    }
  });

  test('add fails with an unknown outcome if the response has no id', async () => {
    const { webhooks, operation } = setUpWithBody({ success: true, data: {} });
    expect(await upstreamErrorOf(webhooks.add(operation, { ...FIELDS, enabled: true }))).toMatchObject({
      outcome: 'unknown',
    });
  });
});
