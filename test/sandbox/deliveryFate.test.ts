import { describe, expect, test } from 'vitest';
import { createSandbox } from '../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../src/sandbox/server.ts';
import { eventually } from '../support/eventually.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import { serveAndReceive, statuses } from './receiver.ts';
import { at } from './support.ts';

type Served = Awaited<ReturnType<typeof serveAndReceive>>;

const LIVE_AT_ONCE = { goLiveAfterMs: 0 };

/** Waits until no request is under way, and gives what the only delivery has come to. */
async function fate({ sandbox }: Served) {
  await eventually(() => expect(sandbox.deliveries().inFlight).toBe(0));
  const { deliveries } = sandbox.deliveries();
  expect(deliveries).toHaveLength(1);
  return { status: deliveries[0]?.status, attempts: deliveries[0]?.attempts, answer: deliveries[0]?.responseStatus };
}

describe('a delivery', () => {
  test('that is answered 2xx is delivered', async () => {
    const served = await serveAndReceive(LIVE_AT_ONCE, 202);
    await served.start();
    expect(await fate(served)).toEqual({ status: 'delivered', attempts: 1, answer: 202 });
    expect(served.clock.pending()).toBe(0);
  });

  test.each([[503], ['drop']] as const)('is tried again after %s, by the clock, under the same uuid', async (reply) => {
    const served = await serveAndReceive(LIVE_AT_ONCE, reply, reply);
    const { clock, receiver } = served;
    await served.start();
    const answer = reply === 'drop' ? null : reply;
    expect(await fate(served)).toEqual({ status: 'pending', attempts: 1, answer });
    clock.advance(999);
    expect(receiver.received).toHaveLength(1);
    clock.advance(1);
    expect(await fate(served)).toEqual({ status: 'pending', attempts: 2, answer });
    clock.advance(5000);
    expect(await fate(served)).toEqual({ status: 'delivered', attempts: 3, answer: 204 });
    const sent = receiver.received.map(({ headers, raw }) => [headers['rtk-uuid'], raw.toString()]);
    expect(sent).toEqual(Array(3).fill(sent[0]));
  });

  test('is given up after five attempts', async () => {
    const served = await serveAndReceive(LIVE_AT_ONCE, ...Array<number>(9).fill(500));
    await served.start();
    for (const seconds of [1, 5, 25, 125]) {
      await fate(served);
      served.clock.advance(seconds * 1000);
    }
    expect(await fate(served)).toEqual({ status: 'failed', attempts: 5, answer: 500 });
    expect(served.clock.pending()).toBe(0);
  });

  test.each([[307], [401], [429]])('that is answered %i has failed, and is not tried again', async (answer) => {
    const served = await serveAndReceive(LIVE_AT_ONCE, answer);
    await served.start();
    expect(await fate(served)).toEqual({ status: 'failed', attempts: 1, answer });
    expect(served.receiver.received).toHaveLength(1);
    expect(served.clock.pending()).toBe(0);
  });

  test('is not tried again once its webhook is gone', async () => {
    const served = await serveAndReceive(LIVE_AT_ONCE, 503);
    await served.start();
    await fate(served);
    await served.send('DELETE', `/webhooks/${served.webhookId}`);
    served.clock.advance(1000);
    expect(await fate(served)).toEqual({ status: 'failed', attempts: 1, answer: 503 });
    expect(served.receiver.received).toHaveLength(1);
  });

  test('keeps nobody waiting: the API answers while the receiver does not', async () => {
    const served = await serveAndReceive(LIVE_AT_ONCE, 'hang');
    await served.start();
    expect((await served.stop()).status).toBe(200);
    await eventually(() => expect(statuses(served.receiver.received)).toEqual(['LIVE']));
    expect(served.sandbox.deliveries()).toMatchObject({ total: 2, inFlight: 2 });
  });
});

describe('closing', () => {
  test('gives up what is under way, what waits and what is due', async () => {
    const { start, sandbox, clock, receiver } = await serveAndReceive(
      { ...LIVE_AT_ONCE, playbackUrlDelayMs: 9000 },
      'hang',
    );
    await start();
    await eventually(() => expect(receiver.received).toHaveLength(1));
    sandbox.configure({ webhooks: { delayMs: 5000 } });
    sandbox.trigger({ kind: 'livestream-failed', livestreamId: sandbox.exampleIds.liveLivestreamId });
    expect(clock.pending()).toBe(2);
    sandbox.close();
    await eventually(() => expect(receiver.aborted()).toBe(1));
    expect(clock.pending()).toBe(0);
    await eventually(() => expect(sandbox.deliveries()).toEqual({ deliveries: [], total: 0, inFlight: 0 }));
  });

  test('is what a reset does too, and what happens after it is told to new webhooks', async () => {
    const { start, stop, post, control, sandbox, clock, receiver } = await serveAndReceive(LIVE_AT_ONCE, 503);
    await start();
    await eventually(() => expect(clock.pending()).toBe(1));
    await control('POST', '/__sandbox/reset');
    expect([clock.pending(), sandbox.deliveries().total]).toEqual([0, 0]);
    await post('/webhooks', { name: 'New', url: receiver.url, events: ['livestreaming.statusUpdate'] });
    await start();
    await stop();
    await eventually(() => expect(statuses(receiver.received)).toEqual(['LIVE', 'LIVE', 'OFFLINE']));
    expect(new Set(receiver.received.map(({ headers }) => headers['rtk-uuid'])).size).toBe(3);
  });
});

describe('closing the server', () => {
  test('closes its sandbox', async () => {
    const { sandbox, start, clock } = await serveAndReceive();
    const server = await startSandboxServer({ port: 0, sandbox });
    await start();
    expect(clock.pending()).toBe(1);
    await server.close();
    expect(clock.pending()).toBe(0);
  });
});

describe('where no webhook is registered', () => {
  test('no timer runs and nothing is sent, nor told later to one that is', async () => {
    const served = await serveAndReceive();
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
  test('tells event, URL, uuid and what was sent, and can be emptied', async () => {
    const { start, control, clock, receiver, webhookId } = await serveAndReceive(LIVE_AT_ONCE);
    await start();
    await eventually(async () => {
      const { body } = await control('GET', '/__sandbox/deliveries');
      expect(at(body, 'deliveries', 0, 'status')).toBe('delivered');
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

  test('keeps the last 2,000, and counts all', async () => {
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
