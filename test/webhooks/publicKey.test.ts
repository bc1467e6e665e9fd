import { setImmediate } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { TransportError } from '../../src/realtimekit/transport.ts';
import { until } from '../support/gateway.ts';
import { type KeyAnswer, keyAnswer, LIVE, receiverAlone } from '../live/support.ts';

const FORGED = { 'rtk-signature': 'A'.repeat(344) };

describe("RealtimeKit's key", () => {
  test('is read at the first webhook, and never again while signatures are right', async () => {
    const { status, asked, clock } = await receiverAlone();
    expect(asked).toHaveLength(0);
    for (let count = 0; count < 5; count += 1) {
      expect(await status(LIVE)).toBe(200);
      clock.advance(86_400_000);
    }
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ method: 'GET', url: 'https://keys.test/webhooks.json', maxBodyBytes: 65_536 });
  });

  test('is read once for all who come while it is being read', async () => {
    const alone = await receiverAlone();
    const { pem, arrive } = slowly(alone);
    const all = arrive(20);
    await until(() => alone.asked.length > 0);
    await manyTurns();
    pem.resolve(await alone.signing.publicPem());
    expect([new Set(await all), alone.asked.length]).toEqual([new Set([200]), 1]);
  });

  test('is read again once a minute at most, however many signatures are bad', async () => {
    const { status, asked, clock } = await receiverAlone();
    await status(LIVE);
    for (const minute of [1, 2, 3]) {
      const burst = await Promise.all(Array.from({ length: 50 }, () => status(LIVE, FORGED)));
      expect([new Set(burst), asked.length]).toEqual([new Set([401]), 1 + minute]);
      clock.advance(59_999);
      expect(await status(LIVE, FORGED)).toBe(401);
      expect(asked).toHaveLength(1 + minute);
      clock.advance(1);
    }
  });

  test('that has changed is taken over by all who come while it is being read, with one reading', async () => {
    const alone = await receiverAlone();
    const { status, asked, signing, events } = alone;
    await status(LIVE);
    signing.rotate();
    const { pem, arrive } = slowly(alone);
    const all = arrive(20);
    await until(() => asked.length > 1);
    await manyTurns();
    pem.resolve(await signing.publicPem());
    expect([new Set(await all), asked.length, events.length]).toEqual([new Set([200]), 2, 21]);
  });

  test('that was replaced is of no use any more', async () => {
    const { status, signing, publish } = await receiverAlone();
    const old = await signing.sign(new TextEncoder().encode(LIVE));
    expect(await status(LIVE)).toBe(200);
    signing.rotate();
    publish(await signing.publicPem());
    expect(await status(LIVE)).toBe(200);
    expect(await status(LIVE, { 'rtk-signature': old })).toBe(401);
  });

  const useless: [string, KeyAnswer][] = [
    ['no connection', new TransportError('connect', 'No connection came about')],
    ['status 500', keyAnswer('<html>', 500)],
    ['status 404', keyAnswer({ success: false }, 404)],
    ['a redirect', keyAnswer('', 302)],
    ['no JSON', keyAnswer('<html>')],
    ['no success', keyAnswer({ success: false, data: { publicKey: 'x' } })],
    ['no key', keyAnswer({ success: true, data: {} })],
    ['a key that is none', 'not a key'],
    ['a broken key', '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----'],
  ];
  test.each(useless)(
    'that cannot be had (%s) lets nobody in: 503, so that all is sent again',
    async (_what, answer) => {
      const { status, publish, events, logs, asked } = await receiverAlone();
      publish(answer);
      expect(await Promise.all([status(LIVE), status(LIVE, FORGED)])).toEqual([503, 503]);
      expect(await status(LIVE)).toBe(503);
      expect([events, asked.length]).toEqual([[], 1]);
      expect(logs.map(({ level, message }) => [level, message])).toEqual([
        ['error', "The key of RealtimeKit's webhooks could not be read."],
      ]);
      expect(String(logs[0]?.fields['error'])).toMatch(/\w/);
    },
  );

  test('is accepted in the other envelope too', async () => {
    const { status, publish, signing } = await receiverAlone();
    publish(keyAnswer({ success: true, result: { publicKey: await signing.publicPem() } }));
    expect(await status(LIVE)).toBe(200);
  });

  test('that could not be read is asked for every 5 s at most, and is there as soon as it can be read', async () => {
    const { status, publish, signing, asked, clock, logs } = await receiverAlone();
    publish(new TransportError('connect', 'No connection came about'));
    for (let second = 0; second < 60; second += 1) {
      expect(await status(LIVE)).toBe(503);
      clock.advance(1000);
    }
    expect([asked.length, logs.length]).toEqual([12, 1]);
    expect(await status(LIVE)).toBe(503);
    expect(logs).toHaveLength(2);
    publish(await signing.publicPem());
    clock.advance(5000);
    expect(await status(LIVE)).toBe(200);
  });

  test('that cannot be read again leaves the known one in use; what that one does not fit is to be sent again', async () => {
    const { status, publish, signing, asked, clock } = await receiverAlone();
    await status(LIVE);
    publish(new TransportError('connect', 'No connection came about'));
    for (let count = 0; count < 5; count += 1) {
      expect(await status(LIVE, FORGED)).toBe(503);
      expect(await status(LIVE)).toBe(200);
    }
    expect(asked).toHaveLength(2);
    publish(await signing.publicPem());
    clock.advance(60_000);
    expect(await status(LIVE, FORGED)).toBe(401);
    expect(await status(LIVE, FORGED)).toBe(401);
    expect(asked).toHaveLength(3);
  });

  test('is waited for 5 s; its publisher is told that nobody waits any more', async () => {
    const { status, publish, asked, clock } = await receiverAlone();
    publish(new Promise<string>(() => {}));
    const both = Promise.all([status(LIVE), status(LIVE)]);
    await until(() => asked.length === 1 && clock.pending() === 1);
    clock.advance(4999);
    expect(asked[0]?.signal.aborted).toBe(false);
    clock.advance(1);
    expect(await both).toEqual([503, 503]);
    expect([asked[0]?.signal.aborted, asked.length, clock.pending()]).toEqual([true, 1, 0]);
  });
});

/** A publisher whose answer waits, and callers who come meanwhile. */
function slowly({ publish, status, signing }: Awaited<ReturnType<typeof receiverAlone>>) {
  const pem = Promise.withResolvers<string>();
  publish(pem.promise);
  const arrive = async (count: number): Promise<number[]> => {
    const headers = { 'rtk-signature': await signing.sign(new TextEncoder().encode(LIVE)) };
    return Promise.all(Array.from({ length: count }, () => status(LIVE, headers)));
  };
  return { pem, arrive };
}

/** Long enough for all who come at the same time to have got to where they wait; more of them would change nothing. */
async function manyTurns(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await setImmediate();
}
