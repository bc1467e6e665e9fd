import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { createFakeClock } from '../support/fakeClock.ts';
import { createMemorySavedState } from '../support/memorySavedState.ts';
import { createTestReceiver, LIVE_EVENT, serveWebhooks, WEBHOOK_PATH } from './testReceiver.ts';

const MAX_BODY_BYTES = 256 * 1024;
/** What `LIVE_EVENT` reports as changed. */
const CHANGED_IDS = { livestreamId: 'livestream-1', meetingId: 'meeting-1' };

/** The body of an event, padded to exactly this many bytes. */
const eventOf = (bytes: number): string => LIVE_EVENT.padEnd(bytes);

describe('signature check', () => {
  test('accepts an event with a valid signature', async () => {
    const { deliver, events } = await createTestReceiver();
    expect(await deliver(LIVE_EVENT)).toBe(200);
    expect(events).toEqual([CHANGED_IDS]);
  });

  test('rejects a body that differs from the signed one in a single byte', async () => {
    const { send, receive, events, signing, deliver, clock } = await createTestReceiver();
    const body = new TextEncoder().encode(LIVE_EVENT);
    const signature = await signing.sign(body);
    const byte = { at: fc.nat(body.length - 1), change: fc.integer({ min: 1, max: 255 }) };
    await fc.assert(
      fc.asyncProperty(fc.record(byte), async ({ at, change }) => {
        const changed = body.map((value, index) => (index === at ? value ^ change : value));
        clock.advance(60_000);
        expect((await send(changed, { 'rtk-signature': signature })).status).toBe(401);
      }),
    );
    for (const other of [body.slice(1), body.slice(0, -1), new TextEncoder().encode(`${LIVE_EVENT} `)]) {
      clock.advance(60_000);
      expect((await send(other, { 'rtk-signature': signature })).status).toBe(401);
    }
    expect(events).toEqual([]);
    expect(await deliver(body, { 'rtk-signature': signature })).toBe(200);
    expect((await receive(new Request('http://gateway.test', { method: 'POST', body }))).status).toBe(401);
  });

  test('rejects a signature that differs in a single byte', async () => {
    const { deliver, events, signing, clock } = await createTestReceiver();
    const signature = Buffer.from(await signing.sign(new TextEncoder().encode(LIVE_EVENT)), 'base64');
    const byte = { at: fc.nat(signature.length - 1), change: fc.integer({ min: 1, max: 255 }) };
    await fc.assert(
      fc.asyncProperty(fc.record(byte), async ({ at, change }) => {
        const changed = Buffer.from(signature.map((value, index) => (index === at ? value ^ change : value)));
        clock.advance(60_000);
        expect(await deliver(LIVE_EVENT, { 'rtk-signature': changed.toString('base64') })).toBe(401);
      }),
    );
    expect(events).toEqual([]);
  });

  test('rejects a signature of another key', async () => {
    const { deliver, events } = await createTestReceiver();
    const other = await createTestReceiver();
    const signature = await other.signing.sign(new TextEncoder().encode(LIVE_EVENT));
    expect(await deliver(LIVE_EVENT, { 'rtk-signature': signature })).toBe(401);
    expect(events).toEqual([]);
  });

  test('rejects a header that cannot be a signature, without requesting the public key', async () => {
    const { deliver, events, keyRequests } = await createTestReceiver();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary-ascii' }), async (text) => {
        const isBase64 = /^[A-Za-z0-9+/]{2,}={0,2}$/.test(text.trim());
        const header = /^[\t\x20-\x7e]*$/.test(text) && !isBase64 ? text : '';
        expect(await deliver(LIVE_EVENT, { 'rtk-signature': header })).toBe(401);
      }),
    );
    expect(await deliver(LIVE_EVENT, { 'rtk-signature': 'A'.repeat(4000) })).toBe(401);
    expect(await deliver(LIVE_EVENT, { 'rtk-signature': 'AAAAA' })).toBe(401);
    expect([events, keyRequests]).toEqual([[], []]);
  });
});

describe('delivery with an invalid signature', () => {
  test('is logged at most once a minute, with the number of rejections', async () => {
    const { deliver, clock, logs } = await createTestReceiver();
    const sendForged = (): Promise<number> => deliver(LIVE_EVENT, { 'rtk-signature': 'AAAA' });
    for (let count = 0; count < 20; count += 1) await sendForged();
    const message = 'Rejected webhook deliveries that RealtimeKit did not sign.';
    expect(logs).toEqual([{ level: 'warn', message, fields: { rejected: 1 } }]);
    clock.advance(59_999);
    await sendForged();
    expect(logs).toHaveLength(1);
    clock.advance(1);
    await deliver(LIVE_EVENT, { 'rtk-signature': '' });
    expect(logs.slice(1)).toEqual([{ level: 'warn', message, fields: { rejected: 21 } }]);
  });

  test('does not mark the delivery id as seen: the real delivery is accepted afterwards', async () => {
    const { deliver, events } = await createTestReceiver();
    expect(await deliver(LIVE_EVENT, { 'rtk-uuid': 'u', 'rtk-signature': 'AAAA' })).toBe(401);
    expect(await deliver(LIVE_EVENT, { 'rtk-uuid': 'u' })).toBe(200);
    expect(events).toHaveLength(1);
  });
});

describe('duplicate detection with saved state', () => {
  /** Two receivers, the second of which replaces the first after an eviction. */
  async function createReceivers() {
    const clock = createFakeClock();
    const savedState = createMemorySavedState(clock);
    const first = await createTestReceiver({ clock, savedState });
    const second = await createTestReceiver({ clock, savedState, signing: first.signing });
    return { clock, savedState, first, second };
  }

  test('drops a delivery that was accepted before an eviction, for a day', async () => {
    const { clock, first, second } = await createReceivers();
    expect(await first.deliver(LIVE_EVENT, { 'rtk-uuid': 'u' })).toBe(200);
    clock.advance(86_399_999);
    expect(await second.deliver(LIVE_EVENT, { 'rtk-uuid': 'u' })).toBe(200);
    expect(second.events).toEqual([]);
    clock.advance(1);
    expect(await second.deliver(LIVE_EVENT, { 'rtk-uuid': 'u' })).toBe(200);
    expect(second.events).toEqual([CHANGED_IDS]);
  });

  test('accepts a delivery that was rejected before an eviction', async () => {
    const { savedState, first, second } = await createReceivers();
    expect(await first.deliver(LIVE_EVENT, { 'rtk-uuid': 'u', 'rtk-signature': 'AAAA' })).toBe(401);
    expect(savedState.entries()).toEqual([]);
    expect(await second.deliver(LIVE_EVENT, { 'rtk-uuid': 'u' })).toBe(200);
    expect(second.events).toEqual([CHANGED_IDS]);
  });

  test('accepts a delivery that is sent again because its id could not be saved', async () => {
    const { savedState, first } = await createReceivers();
    savedState.setBroken(true);
    await expect(first.deliver(LIVE_EVENT, { 'rtk-uuid': 'u' })).rejects.toThrow('The storage fails.');
    savedState.setBroken(false);
    expect(await first.deliver(LIVE_EVENT, { 'rtk-uuid': 'u' })).toBe(200);
    expect(first.events).toEqual([CHANGED_IDS]);
  });
});

describe('a replayed delivery', () => {
  test('is accepted at most 600 times a minute under new ids, and saved no more often; then it gets a 503', async () => {
    const clock = createFakeClock();
    const savedState = createMemorySavedState(clock);
    const { deliver, send, events, signing } = await createTestReceiver({ clock, savedState });
    const signed = { 'rtk-signature': await signing.sign(new TextEncoder().encode(LIVE_EVENT)) };
    await deliver(LIVE_EVENT, { ...signed, 'rtk-uuid': 'first' });
    for (let count = 1; count < 700; count += 1) await deliver(LIVE_EVENT, signed);
    expect([events.length, savedState.writes()]).toEqual([600, 600]);
    const { status, headers } = await send(LIVE_EVENT, { ...signed, 'rtk-uuid': 'u' });
    expect([status, headers.get('retry-after')]).toEqual([503, '60']);
    expect(await deliver(LIVE_EVENT, { ...signed, 'rtk-uuid': 'first' })).toBe(200);
    clock.advance(60_000);
    expect(await deliver(LIVE_EVENT, { ...signed, 'rtk-uuid': 'u' })).toBe(200);
    expect(events).toHaveLength(601);
  });

  test('of an event that does not concern livestreams saves nothing', async () => {
    const clock = createFakeClock();
    const savedState = createMemorySavedState(clock);
    const { deliver } = await createTestReceiver({ clock, savedState });
    expect(await deliver('{"event":"recording.statusUpdate"}')).toBe(200);
    expect(savedState.writes()).toBe(0);
  });
});

describe('duplicate detection', () => {
  test('drops a delivery whose id was among the last 10,000', async () => {
    const { deliver, events, signing, clock } = await createTestReceiver();
    const signed = { 'rtk-signature': await signing.sign(new TextEncoder().encode(LIVE_EVENT)) };
    await deliver(LIVE_EVENT, { ...signed, 'rtk-uuid': 'first' });
    for (let count = 1; count < 10_000; count += 1) {
      clock.advance(100);
      await deliver(LIVE_EVENT, signed);
    }
    expect(events).toHaveLength(10_000);
    expect(await deliver(LIVE_EVENT, { 'rtk-uuid': 'first' })).toBe(200);
    expect(events).toHaveLength(10_000);
  }, 60_000);

  test('drops the second of two concurrent deliveries with the same id', async () => {
    const { deliver, events } = await createTestReceiver();
    const both = await Promise.all([
      deliver(LIVE_EVENT, { 'rtk-uuid': 'u' }),
      deliver(LIVE_EVENT, { 'rtk-uuid': 'u' }),
    ]);
    expect([both, events.length]).toEqual([[200, 200], 1]);
  });

  test('ignores delivery ids longer than 64 characters', async () => {
    const { deliver, events } = await createTestReceiver();
    const longId = 'u'.repeat(65);
    for (const uuid of [longId, longId]) expect(await deliver(LIVE_EVENT, { 'rtk-uuid': uuid })).toBe(200);
    expect(events).toHaveLength(2);
  });

  test('reports every delivery that has no id', async () => {
    const { receive, events, signing } = await createTestReceiver();
    const headers = { 'rtk-signature': await signing.sign(new TextEncoder().encode(LIVE_EVENT)) };
    for (let count = 0; count < 2; count += 1)
      await receive(new Request('http://gateway.test', { method: 'POST', headers, body: LIVE_EVENT }));
    expect(events).toHaveLength(2);
  });
});

describe('signed body', () => {
  test.each(['', '{', 'null', '[]', '"meeting.ended"', '{}', '{"event":5}', '\u{0}'])(
    'that is not an event gets a 400: %j',
    async (body) => {
      const { deliver, events } = await createTestReceiver();
      expect(await deliver(body)).toBe(400);
      expect(events).toEqual([]);
    },
  );

  const invalidIds = [
    '',
    '.',
    '..',
    'a/b',
    '../meetings',
    'a b',
    'a_b',
    'sessions',
    'ä',
    'x'.repeat(65),
    5,
    null,
    {},
    ['a'],
  ];
  const ignored: unknown[] = [
    { event: 'meeting.chatSynced', meetingId: 'meeting-1' },
    { event: 'toString' },
    { event: 'livestreaming.statusUpdate' },
    { event: 'meeting.ended', meeting: null },
    { event: 'meeting.ended', meeting: [{ id: 'meeting-1' }] },
    { event: 'meeting.started', meetingId: 'meeting-1' },
    ...invalidIds.map((streamId) => ({ event: 'livestreaming.statusUpdate', streamId, status: 'LIVE' })),
    ...invalidIds.map((id) => ({ event: 'meeting.started', meeting: { id } })),
  ];
  test.each(ignored)(
    'of an irrelevant event, or with an invalid id, gets a 200 and reports no event: %j',
    async (body) => {
      const { deliver, events, logs } = await createTestReceiver();
      expect(await deliver(JSON.stringify(body))).toBe(200);
      expect([events, logs]).toEqual([[], []]);
    },
  );

  test.each([
    [{ status: 'IDLE' }, {}],
    [{ status: 'PAUSED' }, {}],
    [{ status: { LIVE: true } }, {}],
    [{ playbackUrl: 'javascript:alert(1)' }, {}],
    [{ playbackUrl: 7 }, {}],
    [{ meeting: { id: '../m' } }, { meetingId: null }],
    [{ meeting: null }, { meetingId: null }],
  ])('with %j is reported with its valid ids and nothing else: %j', async (sent, parsed) => {
    const { deliver, events } = await createTestReceiver();
    expect(await deliver(JSON.stringify({ ...JSON.parse(LIVE_EVENT), ...sent }))).toBe(200);
    expect(events).toEqual([{ ...CHANGED_IDS, ...parsed }]);
  });

  test('of arbitrary JSON gets a 200 or 400, and reports only events with valid ids', async () => {
    const { deliver, events } = await createTestReceiver();
    const eventName = fc.constantFrom('livestreaming.statusUpdate', 'meeting.started', 'meeting.ended', 'other');
    const arbitraryEvent = fc.record({
      event: eventName,
      streamId: fc.anything(),
      status: fc.anything(),
      meeting: fc.anything(),
    });
    await fc.assert(
      fc.asyncProperty(fc.oneof(arbitraryEvent, fc.jsonValue()), async (body) => {
        expect([200, 400]).toContain(await deliver(JSON.stringify(body, replaceBigint)));
        for (const event of events.splice(0)) {
          const ids = [event.livestreamId, event.meetingId].filter((id) => id !== null);
          expect(ids.length).toBeGreaterThan(0);
          for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9-]{1,64}$/);
        }
      }),
    );
  });

  test('may have up to 256 KiB; one byte more gets a 413', async () => {
    const { deliver, events } = await createTestReceiver();
    expect(await deliver(eventOf(MAX_BODY_BYTES))).toBe(200);
    expect(await deliver(eventOf(MAX_BODY_BYTES + 1))).toBe(413);
    expect(events).toHaveLength(1);
  });
});

test('a body whose stream fails gets a 400', async () => {
  const { receive, events, keyRequests } = await createTestReceiver();
  const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error('gone')) });
  const headers = { 'rtk-signature': 'A'.repeat(344) };
  const response = await receive(new Request('http://gateway.test', { method: 'POST', headers, body, ...STREAMING }));
  expect([response.status, events, keyRequests]).toEqual([400, [], []]);
});

describe('event handler', () => {
  test('that throws is logged, and the delivery still gets a 200', async () => {
    const { deliver, setEventHandler, logs } = await createTestReceiver();
    setEventHandler(() => {
      throw new Error('full');
    });
    expect(await deliver(LIVE_EVENT)).toBe(200);
    const fields = { error: 'Error: full' };
    expect(logs).toEqual([{ level: 'error', message: 'Handling a webhook event failed.', fields }]);
  });
});

describe('webhook endpoint', () => {
  async function startServer() {
    const receiver = await createTestReceiver();
    return { ...receiver, origin: await serveWebhooks(receiver.receive) };
  }

  test('needs no authentication, unlike every other path', async () => {
    const { origin, events, signing } = await startServer();
    const headers = { 'rtk-signature': await signing.sign(new TextEncoder().encode(LIVE_EVENT)), 'rtk-uuid': 'u' };
    const response = await fetch(origin + WEBHOOK_PATH, { method: 'POST', headers, body: LIVE_EVENT });
    expect([response.status, await response.text(), events]).toEqual([200, '', [CHANGED_IDS]]);
    const other = await fetch(`${origin}/graphql?from=${WEBHOOK_PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ __typename }"}',
    });
    expect([other.status, await other.text()]).toEqual([
      401,
      expect.stringContaining('No caller is known to this server.'),
    ]);
    expect((await fetch(`${origin}${WEBHOOK_PATH}/more`, { method: 'POST', headers, body: LIVE_EVENT })).status).toBe(
      404,
    );
    expect(events).toHaveLength(1);
  });

  test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('responds to %s with a 405', async (method) => {
    const { origin, events } = await startServer();
    const response = await fetch(origin + WEBHOOK_PATH, { method });
    expect([response.status, response.headers.get('allow'), events]).toEqual([405, 'POST', []]);
  });

  test.each([MAX_BODY_BYTES + 1, 20 * MAX_BODY_BYTES])(
    'responds to a body of %i bytes with a 413, with or without content-length',
    async (bytes) => {
      const { origin, events, signing } = await startServer();
      const body = new TextEncoder().encode(eventOf(bytes));
      const headers = { 'rtk-signature': await signing.sign(body) };
      expect((await fetch(origin + WEBHOOK_PATH, { method: 'POST', headers, body })).status).toBe(413);
      const stream = new Blob([body]).stream();
      const chunked = await fetch(origin + WEBHOOK_PATH, { method: 'POST', headers, body: stream, ...STREAMING });
      expect([chunked.status, events]).toEqual([413, []]);
    },
  );

  test('reassembles a body that arrives in many chunks', async () => {
    const { origin, events, signing } = await startServer();
    const bytes = new TextEncoder().encode(eventOf(100_000));
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += 1000) controller.enqueue(bytes.slice(at, at + 1000));
        controller.close();
      },
    });
    const headers = { 'rtk-signature': await signing.sign(bytes) };
    expect((await fetch(origin + WEBHOOK_PATH, { method: 'POST', headers, body, ...STREAMING })).status).toBe(200);
    expect(events).toEqual([CHANGED_IDS]);
  });
});

/** `fetch` requires this option with a streamed body; TypeScript's types lack it. */
const STREAMING = { duplex: 'half' };

/** JSON cannot represent a bigint. */
function replaceBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
