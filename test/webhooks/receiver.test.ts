import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { listen, LIVE, PATH, receiverAlone, serverOf } from '../live/support.ts';

const MOST = 256 * 1024;
const TOLD = {
  kind: 'livestream',
  livestreamId: 'livestream-1',
  status: 'LIVE',
  playbackUrl: 'https://play.example/live.m3u8',
  meetingId: 'meeting-1',
};

/** A signed event of exactly so many bytes. */
const eventOf = (bytes: number): string => LIVE.padEnd(bytes);

describe('a signature', () => {
  test('that is right lets the event in', async () => {
    const { status, events } = await receiverAlone();
    expect(await status(LIVE)).toBe(200);
    expect(events).toEqual([TOLD]);
  });

  test('does not hold for a body that differs in one byte', async () => {
    const { send, receive, events, signing, status } = await receiverAlone();
    const body = new TextEncoder().encode(LIVE);
    const signature = await signing.sign(body);
    const byte = { at: fc.nat(body.length - 1), change: fc.integer({ min: 1, max: 255 }) };
    await fc.assert(
      fc.asyncProperty(fc.record(byte), async ({ at, change }) => {
        const changed = body.map((value, index) => (index === at ? value ^ change : value));
        expect((await send(changed, { 'rtk-signature': signature })).status).toBe(401);
      }),
    );
    for (const other of [body.slice(1), body.slice(0, -1), new TextEncoder().encode(`${LIVE} `)])
      expect((await send(other, { 'rtk-signature': signature })).status).toBe(401);
    expect(events).toEqual([]);
    expect(await status(body, { 'rtk-signature': signature })).toBe(200);
    expect((await receive(new Request('http://gateway.test', { method: 'POST', body }))).status).toBe(401);
  });

  test('that differs in one byte is refused', async () => {
    const { status, events, signing } = await receiverAlone();
    const signature = Buffer.from(await signing.sign(new TextEncoder().encode(LIVE)), 'base64');
    const byte = { at: fc.nat(signature.length - 1), change: fc.integer({ min: 1, max: 255 }) };
    await fc.assert(
      fc.asyncProperty(fc.record(byte), async ({ at, change }) => {
        const changed = Buffer.from(signature.map((value, index) => (index === at ? value ^ change : value)));
        expect(await status(LIVE, { 'rtk-signature': changed.toString('base64') })).toBe(401);
      }),
    );
    expect(events).toEqual([]);
  });

  test('of another key is refused', async () => {
    const { status, events } = await receiverAlone();
    const other = await receiverAlone();
    const signature = await other.signing.sign(new TextEncoder().encode(LIVE));
    expect(await status(LIVE, { 'rtk-signature': signature })).toBe(401);
    expect(events).toEqual([]);
  });

  test('that can be none is refused, and no key is read for it', async () => {
    const { status, events, asked } = await receiverAlone();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary-ascii' }), async (text) => {
        const isBase64 = /^[A-Za-z0-9+/]{2,}={0,2}$/.test(text.trim());
        const header = /^[\t\x20-\x7e]*$/.test(text) && !isBase64 ? text : '';
        expect(await status(LIVE, { 'rtk-signature': header })).toBe(401);
      }),
    );
    expect(await status(LIVE, { 'rtk-signature': 'A'.repeat(4000) })).toBe(401);
    expect(await status(LIVE, { 'rtk-signature': 'AAAAA' })).toBe(401);
    expect([events, asked]).toEqual([[], []]);
  });
});

describe('bad signatures', () => {
  test('are warned of once a minute, with how many there were', async () => {
    const { status, clock, logs } = await receiverAlone();
    const forge = (): Promise<number> => status(LIVE, { 'rtk-signature': 'AAAA' });
    for (let count = 0; count < 20; count += 1) await forge();
    const words = 'Webhooks were refused, because RealtimeKit did not sign them.';
    expect(logs).toEqual([{ level: 'warn', message: words, fields: { refused: 1 } }]);
    clock.advance(59_999);
    await forge();
    expect(logs).toHaveLength(1);
    clock.advance(1);
    await status(LIVE, { 'rtk-signature': '' });
    expect(logs.slice(1)).toEqual([{ level: 'warn', message: words, fields: { refused: 21 } }]);
  });

  test('take no uuid: the delivery itself is told when it comes', async () => {
    const { status, events } = await receiverAlone();
    expect(await status(LIVE, { 'rtk-uuid': 'u', 'rtk-signature': 'AAAA' })).toBe(401);
    expect(await status(LIVE, { 'rtk-uuid': 'u' })).toBe(200);
    expect(events).toHaveLength(1);
  });
});

describe('a duplicate', () => {
  test('is dropped by its uuid, however far apart the two are', async () => {
    const { status, events, signing } = await receiverAlone();
    const signed = { 'rtk-signature': await signing.sign(new TextEncoder().encode(LIVE)) };
    await status(LIVE, { ...signed, 'rtk-uuid': 'first' });
    for (let count = 1; count < 10_000; count += 1) await status(LIVE, signed);
    expect(events).toHaveLength(10_000);
    expect(await status(LIVE, { 'rtk-uuid': 'first' })).toBe(200);
    expect(events).toHaveLength(10_000);
  }, 60_000);

  test('is dropped when both come at the same time', async () => {
    const { status, events } = await receiverAlone();
    const both = await Promise.all([status(LIVE, { 'rtk-uuid': 'u' }), status(LIVE, { 'rtk-uuid': 'u' })]);
    expect([both, events.length]).toEqual([[200, 200], 1]);
  });

  test('is only what has a uuid of a sane length', async () => {
    const { status, events } = await receiverAlone();
    const long = 'u'.repeat(65);
    for (const uuid of [long, long]) expect(await status(LIVE, { 'rtk-uuid': uuid })).toBe(200);
    expect(events).toHaveLength(2);
  });

  test('cannot be told without a uuid: what has none is told each time', async () => {
    const { receive, events, signing } = await receiverAlone();
    const headers = { 'rtk-signature': await signing.sign(new TextEncoder().encode(LIVE)) };
    for (let count = 0; count < 2; count += 1)
      await receive(new Request('http://gateway.test', { method: 'POST', headers, body: LIVE }));
    expect(events).toHaveLength(2);
  });
});

describe('a signed body', () => {
  test.each(['', '{', 'null', '[]', '"meeting.ended"', '{}', '{"event":5}', '\u{0}'])(
    'that is no event is answered 400: %j',
    async (body) => {
      const { status, events } = await receiverAlone();
      expect(await status(body)).toBe(400);
      expect(events).toEqual([]);
    },
  );

  const ids = ['', '.', '..', 'a/b', '../meetings', 'a b', 'a_b', 'sessions', 'ä', 'x'.repeat(65), 5, null, {}, ['a']];
  const ignored: unknown[] = [
    { event: 'meeting.chatSynced', meetingId: 'meeting-1' },
    { event: 'toString' },
    { event: 'livestreaming.statusUpdate' },
    { event: 'meeting.ended', meeting: null },
    { event: 'meeting.ended', meeting: [{ id: 'meeting-1' }] },
    { event: 'meeting.started', meetingId: 'meeting-1' },
    ...ids.map((streamId) => ({ event: 'livestreaming.statusUpdate', streamId, status: 'LIVE' })),
    ...ids.map((id) => ({ event: 'meeting.started', meeting: { id } })),
  ];
  test.each(ignored)('that is of no concern, or has an id that is none, is taken and ignored: %j', async (body) => {
    const { status, events, logs } = await receiverAlone();
    expect(await status(JSON.stringify(body))).toBe(200);
    expect([events, logs]).toEqual([[], []]);
  });

  test.each([
    [{ status: 'IDLE' }, { status: 'IDLE' }],
    [{ status: 'ERRORED' }, { status: 'ERRORED' }],
    [{ status: 'PAUSED' }, { status: 'UNKNOWN' }],
    [{ status: { LIVE: true } }, { status: 'UNKNOWN' }],
    [{ playbackUrl: 'javascript:alert(1)' }, { playbackUrl: null }],
    [{ playbackUrl: 7 }, { playbackUrl: null }],
    [{ meeting: { id: '../m' } }, { meetingId: null }],
    [{ meeting: null }, { meetingId: null }],
  ])('%j is told as %j', async (sent, told) => {
    const { status, events } = await receiverAlone();
    expect(await status(JSON.stringify({ ...JSON.parse(LIVE), ...sent }))).toBe(200);
    expect(events).toEqual([{ ...TOLD, ...told }]);
  });

  test('of any kind is answered, and never told in another form than an event has', async () => {
    const { status, events } = await receiverAlone();
    const word = fc.constantFrom('livestreaming.statusUpdate', 'meeting.started', 'meeting.ended', 'other');
    const wild = fc.record({ event: word, streamId: fc.anything(), status: fc.anything(), meeting: fc.anything() });
    await fc.assert(
      fc.asyncProperty(fc.oneof(wild, fc.jsonValue()), async (body) => {
        expect([200, 400]).toContain(await status(JSON.stringify(body, plain)));
        for (const event of events.splice(0)) {
          const id = event.kind === 'meeting' ? event.meetingId : event.livestreamId;
          expect(id).toMatch(/^[A-Za-z0-9-]{1,64}$/);
        }
      }),
    );
  });

  test('may be as long as 256 KiB, and no byte longer', async () => {
    const { status, events } = await receiverAlone();
    expect(await status(eventOf(MOST))).toBe(200);
    expect(await status(eventOf(MOST + 1))).toBe(413);
    expect(events).toHaveLength(1);
  });
});

test('a body that breaks off is answered 400', async () => {
  const { receive, events, asked } = await receiverAlone();
  const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error('gone')) });
  const headers = { 'rtk-signature': 'A'.repeat(344) };
  const answer = await receive(new Request('http://gateway.test', { method: 'POST', headers, body, ...STREAMED }));
  expect([answer.status, events, asked]).toEqual([400, [], []]);
});

describe('whoever handles events', () => {
  test('is not waited for, and what it throws is logged and no reason to send the event again', async () => {
    const { status, handleWith, logs } = await receiverAlone();
    handleWith(() => {
      throw new Error('full');
    });
    expect(await status(LIVE)).toBe(200);
    const fields = { error: 'Error: full' };
    expect(logs).toEqual([{ level: 'error', message: 'An event of a webhook could not be handled.', fields }]);
  });
});

describe('over HTTP', () => {
  async function served() {
    const alone = await receiverAlone();
    return { ...alone, origin: await listen(serverOf(alone.receive)) };
  }

  test('it is answered before anyone is asked who they are; all else is not', async () => {
    const { origin, events, signing } = await served();
    const headers = { 'rtk-signature': await signing.sign(new TextEncoder().encode(LIVE)), 'rtk-uuid': 'u' };
    const answer = await fetch(origin + PATH, { method: 'POST', headers, body: LIVE });
    expect([answer.status, await answer.text(), events]).toEqual([200, '', [TOLD]]);
    const other = await fetch(`${origin}/graphql?from=${PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ __typename }"}',
    });
    expect([other.status, await other.text()]).toEqual([401, expect.stringContaining('Nobody is known here')]);
    expect((await fetch(`${origin}${PATH}/more`, { method: 'POST', headers, body: LIVE })).status).toBe(404);
    expect(events).toHaveLength(1);
  });

  test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s is answered 405', async (method) => {
    const { origin, events } = await served();
    const answer = await fetch(origin + PATH, { method });
    expect([answer.status, answer.headers.get('allow'), events]).toEqual([405, 'POST', []]);
  });

  test.each([MOST + 1, 20 * MOST])(
    'a body of %i bytes is answered 413, with its length told or without',
    async (bytes) => {
      const { origin, events, signing } = await served();
      const body = new TextEncoder().encode(eventOf(bytes));
      const headers = { 'rtk-signature': await signing.sign(body) };
      expect((await fetch(origin + PATH, { method: 'POST', headers, body })).status).toBe(413);
      const stream = new Blob([body]).stream();
      const chunked = await fetch(origin + PATH, { method: 'POST', headers, body: stream, ...STREAMED });
      expect([chunked.status, events]).toEqual([413, []]);
    },
  );

  test('a body in many pieces is put together as it was', async () => {
    const { origin, events, signing } = await served();
    const bytes = new TextEncoder().encode(eventOf(100_000));
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += 1000) controller.enqueue(bytes.slice(at, at + 1000));
        controller.close();
      },
    });
    const headers = { 'rtk-signature': await signing.sign(bytes) };
    expect((await fetch(origin + PATH, { method: 'POST', headers, body, ...STREAMED })).status).toBe(200);
    expect(events).toEqual([TOLD]);
  });
});

/** A request's body that is a stream needs it; TypeScript does not know it. */
const STREAMED = { duplex: 'half' };

/** What JSON has no word for. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
