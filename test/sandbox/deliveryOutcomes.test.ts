import { describe, expect, test } from 'vitest';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { eventually } from '../support/eventually.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { serveWithReceiver, statusesOf } from './deliveryReceiver.ts';
import { getAt } from './serveSandbox.ts';

type Served = Awaited<ReturnType<typeof serveWithReceiver>>;

const LIVE_IMMEDIATELY = { goLiveAfterMs: 0 };

/** Waits until no request is in flight, and returns the outcome of the only delivery. */
async function settledDelivery({ sandbox }: Served) {
  await eventually(() => expect(sandbox.deliveries().inFlight).toBe(0));
  const { deliveries } = sandbox.deliveries();
  expect(deliveries).toHaveLength(1);
  return {
    status: deliveries[0]?.status,
    attempts: deliveries[0]?.attempts,
    responseStatus: deliveries[0]?.responseStatus,
  };
}

describe('a delivery', () => {
  test('is delivered when the response is 2xx', async () => {
    const served = await serveWithReceiver(LIVE_IMMEDIATELY, 202);
    await served.start();
    expect(await settledDelivery(served)).toEqual({ status: 'delivered', attempts: 1, responseStatus: 202 });
    expect(served.clock.pending()).toBe(0);
  });

  test.each([[503], ['drop']] as const)('is retried after %s, with the same uuid', async (reply) => {
    const served = await serveWithReceiver(LIVE_IMMEDIATELY, reply, reply);
    const { clock, receiver } = served;
    await served.start();
    const responseStatus = reply === 'drop' ? null : reply;
    expect(await settledDelivery(served)).toEqual({ status: 'pending', attempts: 1, responseStatus });
    clock.advance(999);
    expect(receiver.received).toHaveLength(1);
    clock.advance(1);
    expect(await settledDelivery(served)).toEqual({ status: 'pending', attempts: 2, responseStatus });
    clock.advance(5000);
    expect(await settledDelivery(served)).toEqual({ status: 'delivered', attempts: 3, responseStatus: 204 });
    const sent = receiver.received.map(({ headers, raw }) => [headers['rtk-uuid'], raw.toString()]);
    expect(sent).toEqual(Array(3).fill(sent[0]));
  });

  test('fails after five attempts', async () => {
    const served = await serveWithReceiver(LIVE_IMMEDIATELY, ...Array<number>(9).fill(500));
    await served.start();
    for (const seconds of [1, 5, 25, 125]) {
      await settledDelivery(served);
      served.clock.advance(seconds * 1000);
    }
    expect(await settledDelivery(served)).toEqual({ status: 'failed', attempts: 5, responseStatus: 500 });
    expect(served.clock.pending()).toBe(0);
  });

  test.each([[307], [401], [429]])('fails without a retry when the response is %i', async (responseStatus) => {
    const served = await serveWithReceiver(LIVE_IMMEDIATELY, responseStatus);
    await served.start();
    expect(await settledDelivery(served)).toEqual({ status: 'failed', attempts: 1, responseStatus });
    expect(served.receiver.received).toHaveLength(1);
    expect(served.clock.pending()).toBe(0);
  });

  test('is not retried after its webhook was deleted', async () => {
    const served = await serveWithReceiver(LIVE_IMMEDIATELY, 503);
    await served.start();
    await settledDelivery(served);
    await served.send('DELETE', `/webhooks/${served.webhookId}`);
    served.clock.advance(1000);
    expect(await settledDelivery(served)).toEqual({ status: 'failed', attempts: 1, responseStatus: 503 });
    expect(served.receiver.received).toHaveLength(1);
  });

  test('does not delay responses of the API while the receiver does not respond', async () => {
    const served = await serveWithReceiver(LIVE_IMMEDIATELY, 'hang');
    await served.start();
    expect((await served.stop()).status).toBe(200);
    await eventually(() => expect(statusesOf(served.receiver.received)).toEqual(['LIVE']));
    expect(served.sandbox.deliveries()).toMatchObject({ total: 2, inFlight: 2 });
  });
});

describe('close', () => {
  test('cancels deliveries in flight, waiting deliveries and timers', async () => {
    const { start, sandbox, clock, receiver } = await serveWithReceiver(
      { ...LIVE_IMMEDIATELY, playbackUrlDelayMs: 9000 },
      'hang',
    );
    await start();
    await eventually(() => expect(receiver.received).toHaveLength(1));
    sandbox.configure({ webhooks: { delayMs: 5000 } });
    sandbox.trigger({ kind: 'livestream-failed', livestreamId: sandbox.exampleIds.liveLivestreamId });
    expect(clock.pending()).toBe(2);
    sandbox.close();
    await eventually(() => expect(receiver.abortedCount()).toBe(1));
    expect(clock.pending()).toBe(0);
    await eventually(() => expect(sandbox.deliveries()).toEqual({ deliveries: [], total: 0, inFlight: 0 }));
  });

  test('is part of a reset, after which new webhooks get events', async () => {
    const { start, stop, post, control, sandbox, clock, receiver } = await serveWithReceiver(LIVE_IMMEDIATELY, 503);
    await start();
    await eventually(() => expect(clock.pending()).toBe(1));
    await control('POST', '/__sandbox/reset');
    expect([clock.pending(), sandbox.deliveries().total]).toEqual([0, 0]);
    await post('/webhooks', { name: 'New', url: receiver.url, events: ['livestreaming.statusUpdate'] });
    await start();
    await stop();
    await eventually(() => expect(statusesOf(receiver.received)).toEqual(['LIVE', 'LIVE', 'OFFLINE']));
    expect(new Set(receiver.received.map(({ headers }) => headers['rtk-uuid'])).size).toBe(3);
  });
});

describe('close of the server', () => {
  test('closes the sandbox', async () => {
    const { sandbox, start, clock } = await serveWithReceiver();
    const server = await startSandboxServer({ port: 0, sandbox });
    await start();
    expect(clock.pending()).toBe(1);
    await server.close();
    expect(clock.pending()).toBe(0);
  });
});

describe('a sandbox without webhooks', () => {
  test('sets no timers, and does not send past events to a webhook that is registered later', async () => {
    const served = await serveWithReceiver();
    await served.start();
    expect(served.clock.pending()).toBe(1);
    await served.send('DELETE', `/webhooks/${served.webhookId}`);
    expect(served.clock.pending()).toBe(0);
    served.clock.advance(60_000);
    const events = ['livestreaming.statusUpdate'];
    await served.post('/webhooks', { name: 'Late', url: served.receiver.url, events });
    expect(served.sandbox.deliveries().total).toBe(0);
  });
});

describe('the log of deliveries', () => {
  test('contains event, URL, uuid and payload, and can be cleared', async () => {
    const { start, control, clock, receiver, webhookId } = await serveWithReceiver(LIVE_IMMEDIATELY);
    await start();
    await eventually(async () => {
      const { body } = await control('GET', '/__sandbox/deliveries');
      expect(getAt(body, 'deliveries', 0, 'status')).toBe('delivered');
    });
    const [received] = receiver.received;
    expect((await control('GET', '/__sandbox/deliveries')).body).toEqual({
      deliveries: [
        {
          uuid: received?.headers['rtk-uuid'],
          webhookId,
          event: 'livestreaming.statusUpdate',
          url: receiver.url,
          payload: received?.raw.toString(),
          occurredAt: new Date(clock.now()).toISOString(),
          status: 'delivered',
          attempts: 1,
          responseStatus: 204,
        },
      ],
      total: 1,
      inFlight: 0,
    });
    const emptied = { deliveries: [], total: 0, inFlight: 0 };
    expect((await control('DELETE', '/__sandbox/deliveries')).body).toEqual(emptied);
  });

  test('contains the last 2,000 deliveries, and counts all', async () => {
    const sandbox = createSandbox({
      clock: createFakeClock(),
      settings: { webhooks: { copies: 100, delayMs: 1000 } },
      deliver: () => Promise.reject(new Error('Nothing is sent here')),
    });
    const body = JSON.stringify({ name: 'Many', url: 'http://127.0.0.1:9/', events: ['meeting.started'] });
    const url = 'http://any/client/v4/accounts/a/realtime/kit/b/webhooks';
    await sandbox.fetch(new Request(url, { method: 'POST', headers: { authorization: 'Bearer t' }, body }));
    const { idleMeetingId: meetingId } = sandbox.exampleIds;
    for (let meeting = 0; meeting < 41; meeting += 1) sandbox.trigger({ kind: 'meeting-started', meetingId });
    expect(sandbox.deliveries().total).toBe(4100);
    expect(sandbox.deliveries().deliveries).toHaveLength(2000);
  });
});
