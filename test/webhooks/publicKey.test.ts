import { setImmediate } from 'node:timers/promises';

import { describe, expect, test } from 'vitest';

import { TransportError } from '../../src/realtimekit/transport.ts';
import { waitUntil } from '../support/gateway.ts';
import { type KeyResponse, keyResponse, LIVE_EVENT, createTestReceiver } from './testReceiver.ts';

const FORGED = { 'rtk-signature': 'A'.repeat(344) };

describe('public key', () => {
  test('is fetched with the first webhook, and never again while signatures are valid', async () => {
    const { deliver, keyRequests, clock } = await createTestReceiver();
    expect(keyRequests).toHaveLength(0);
    for (let count = 0; count < 5; count += 1) {
      expect(await deliver(LIVE_EVENT)).toBe(200);
      clock.advance(86_400_000);
    }
    expect(keyRequests).toHaveLength(1);
    expect(keyRequests[0]).toMatchObject({
      method: 'GET',
      url: 'https://keys.test/webhooks.json',
      maxBodyBytes: 65_536,
    });
  });

  test('is fetched once for all webhooks that arrive during the fetch', async () => {
    const receiver = await createTestReceiver();
    const { pem, arrive } = delayKey(receiver);
    const statuses = arrive(20);
    await waitUntil(() => receiver.keyRequests.length > 0);
    await runEventLoop();
    pem.resolve(await receiver.signing.publicPem());
    expect([new Set(await statuses), receiver.keyRequests.length]).toEqual([new Set([200]), 1]);
  });

  test('is fetched again at most once a minute, however many signatures are invalid', async () => {
    const { deliver, keyRequests, clock } = await createTestReceiver();
    await deliver(LIVE_EVENT);
    for (const minute of [1, 2, 3]) {
      const burst = await Promise.all(Array.from({ length: 50 }, () => deliver(LIVE_EVENT, FORGED)));
      expect([burst.includes(200), keyRequests.length]).toEqual([false, 1 + minute]);
      clock.advance(59_999);
      expect(await deliver(LIVE_EVENT, FORGED)).toBe(503);
      expect(keyRequests).toHaveLength(1 + minute);
      clock.advance(1);
    }
  });

  test('is replaced after a rotation with one fetch, which all concurrent webhooks share', async () => {
    const receiver = await createTestReceiver();
    const { deliver, keyRequests, signing, events } = receiver;
    await deliver(LIVE_EVENT);
    signing.rotate();
    const { pem, arrive } = delayKey(receiver);
    const statuses = arrive(20);
    await waitUntil(() => keyRequests.length > 1);
    await runEventLoop();
    pem.resolve(await signing.publicPem());
    expect([new Set(await statuses), keyRequests.length, events.length]).toEqual([new Set([200]), 2, 21]);
  });

  test('is no longer accepted once it has been replaced', async () => {
    const { deliver, signing, setKeyResponse, clock } = await createTestReceiver();
    const old = await signing.sign(new TextEncoder().encode(LIVE_EVENT));
    expect(await deliver(LIVE_EVENT)).toBe(200);
    signing.rotate();
    setKeyResponse(await signing.publicPem());
    expect(await deliver(LIVE_EVENT)).toBe(200);
    clock.advance(60_000);
    expect(await deliver(LIVE_EVENT, { 'rtk-signature': old })).toBe(401);
  });

  test('that is replaced within a minute of a forged webhook makes real ones get a 503 until it may be fetched again', async () => {
    const { deliver, send, signing, setKeyResponse, clock, events } = await createTestReceiver();
    await deliver(LIVE_EVENT);
    expect(await deliver(LIVE_EVENT, FORGED)).toBe(401);
    clock.advance(5000);
    signing.rotate();
    setKeyResponse(await signing.publicPem());
    const { status, headers } = await send(LIVE_EVENT, { 'rtk-uuid': 'u' });
    expect([status, headers.get('retry-after'), events.length]).toEqual([503, '60', 1]);
    clock.advance(60_000);
    expect(await deliver(LIVE_EVENT, { 'rtk-uuid': 'u' })).toBe(200);
    expect(events).toHaveLength(2);
  });

  const unusable: [string, KeyResponse][] = [
    ['no connection', new TransportError('connect', 'No connection')],
    ['status 500', keyResponse('<html>', 500)],
    ['status 404', keyResponse({ success: false }, 404)],
    ['a redirect', keyResponse('', 302)],
    ['invalid JSON', keyResponse('<html>')],
    ['success: false', keyResponse({ success: false, data: { publicKey: 'x' } })],
    ['no key', keyResponse({ success: true, data: {} })],
    ['text that is not a key', 'not a key'],
    ['a broken key', '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----'],
  ];
  test.each(unusable)(
    'that cannot be fetched (%s) makes every webhook get a 503, so that RealtimeKit sends it again',
    async (_reason, response) => {
      const { deliver, setKeyResponse, events, logs, keyRequests } = await createTestReceiver();
      setKeyResponse(response);
      expect(await Promise.all([deliver(LIVE_EVENT), deliver(LIVE_EVENT, FORGED)])).toEqual([503, 503]);
      expect(await deliver(LIVE_EVENT)).toBe(503);
      expect([events, keyRequests.length]).toEqual([[], 1]);
      expect(logs.map(({ level, message }) => [level, message])).toEqual([
        ['error', "Cannot fetch the public key of RealtimeKit's webhooks."],
      ]);
      expect(String(logs[0]?.fields['error'])).toMatch(/\w/);
    },
  );

  test('is accepted in the "result" envelope as well', async () => {
    const { deliver, setKeyResponse, signing } = await createTestReceiver();
    setKeyResponse(keyResponse({ success: true, result: { publicKey: await signing.publicPem() } }));
    expect(await deliver(LIVE_EVENT)).toBe(200);
  });

  test('is requested at most every 5 s while fetching fails, and used as soon as a fetch succeeds', async () => {
    const { deliver, setKeyResponse, signing, keyRequests, clock, logs } = await createTestReceiver();
    setKeyResponse(new TransportError('connect', 'No connection'));
    for (let second = 0; second < 60; second += 1) {
      expect(await deliver(LIVE_EVENT)).toBe(503);
      clock.advance(1000);
    }
    expect([keyRequests.length, logs.length]).toEqual([12, 1]);
    expect(await deliver(LIVE_EVENT)).toBe(503);
    expect(logs).toHaveLength(2);
    setKeyResponse(await signing.publicPem());
    clock.advance(5000);
    expect(await deliver(LIVE_EVENT)).toBe(200);
  });

  test('stays in use while fetching a new one fails; webhooks that it does not verify get a 503', async () => {
    const { deliver, setKeyResponse, signing, keyRequests, clock } = await createTestReceiver();
    await deliver(LIVE_EVENT);
    setKeyResponse(new TransportError('connect', 'No connection'));
    for (let count = 0; count < 5; count += 1) {
      expect(await deliver(LIVE_EVENT, FORGED)).toBe(503);
      expect(await deliver(LIVE_EVENT)).toBe(200);
    }
    expect(keyRequests).toHaveLength(2);
    setKeyResponse(await signing.publicPem());
    clock.advance(60_000);
    expect(await deliver(LIVE_EVENT, FORGED)).toBe(401);
    expect(await deliver(LIVE_EVENT, FORGED)).toBe(503);
    expect(keyRequests).toHaveLength(3);
  });

  test('is requested for at most 5 s, after which the request is aborted', async () => {
    const { deliver, setKeyResponse, keyRequests, clock } = await createTestReceiver();
    setKeyResponse(new Promise<string>(() => {}));
    const both = Promise.all([deliver(LIVE_EVENT), deliver(LIVE_EVENT)]);
    await waitUntil(() => keyRequests.length === 1 && clock.pending() === 1);
    clock.advance(4999);
    expect(keyRequests[0]?.signal.aborted).toBe(false);
    clock.advance(1);
    expect(await both).toEqual([503, 503]);
    expect([keyRequests[0]?.signal.aborted, keyRequests.length, clock.pending()]).toEqual([true, 1, 0]);
  });
});

/** Makes the key server wait for `pem`. `arrive` sends webhooks meanwhile. */
function delayKey({ setKeyResponse, deliver, signing }: Awaited<ReturnType<typeof createTestReceiver>>) {
  const pem = Promise.withResolvers<string>();
  setKeyResponse(pem.promise);
  const arrive = async (count: number): Promise<number[]> => {
    const headers = { 'rtk-signature': await signing.sign(new TextEncoder().encode(LIVE_EVENT)) };
    return Promise.all(Array.from({ length: count }, () => deliver(LIVE_EVENT, headers)));
  };
  return { pem, arrive };
}

/** Runs the event loop long enough for all concurrent webhooks to reach the point where they wait for the key. */
async function runEventLoop(): Promise<void> {
  for (let round = 0; round < 200; round += 1) await setImmediate();
}
