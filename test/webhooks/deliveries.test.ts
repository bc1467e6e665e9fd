import { describe, expect, test } from 'vitest';

import { getAt } from '../sandbox/serveSandbox.ts';
import { eventually } from '../support/eventually.ts';
import { startDeliveries } from './testReceiver.ts';

type Deliveries = Awaited<ReturnType<typeof startDeliveries>>;

/** Waits until this many deliveries have a response. */
const responded = (deliveries: Deliveries, count: number): Promise<void> =>
  eventually(() => expect(deliveries.statuses().filter((status) => status !== null)).toHaveLength(count));

/** The livestream of each event. */
const livestreamIds = ({ events }: Deliveries): unknown[] => events.map(({ livestreamId }) => livestreamId);

describe('deliveries of the sandbox', () => {
  test('report the status changes of a livestream, and no secrets', async () => {
    const deliveries = await startDeliveries();
    const livestreamId = await deliveries.start();
    await responded(deliveries, 1);
    await deliveries.stop();
    await responded(deliveries, 2);
    const { events, logs, meetingId } = deliveries;
    expect(events).toEqual([
      { livestreamId, meetingId },
      { livestreamId, meetingId },
    ]);
    const [sent = ''] = deliveries.payloads();
    const secret = String(getAt(JSON.parse(sent), 'streamKey'));
    expect(secret.length).toBeGreaterThan(10);
    expect(JSON.stringify([events, logs])).not.toContain(secret);
    expect([deliveries.statuses(), deliveries.keyRequestCount()]).toEqual([[200, 200], 1]);
  });

  test('report the start and end of a meeting', async () => {
    const deliveries = await startDeliveries();
    const { sandbox, meetingId, events } = deliveries;
    sandbox.trigger({ kind: 'meeting-started', meetingId });
    await responded(deliveries, 1);
    sandbox.trigger({ kind: 'meeting-ended', meetingId, reason: 'HOST_ENDED_MEETING' });
    await responded(deliveries, 2);
    expect(events).toEqual([
      { livestreamId: null, meetingId },
      { livestreamId: null, meetingId },
    ]);
  });

  test('are reported once however many copies arrive, and each copy gets a 200', async () => {
    const deliveries = await startDeliveries({ webhooks: { copies: 4 } });
    const livestreamId = await deliveries.start();
    await responded(deliveries, 4);
    await deliveries.stop();
    await responded(deliveries, 8);
    expect(livestreamIds(deliveries)).toEqual([livestreamId, livestreamId]);
    expect(new Set(deliveries.statuses())).toEqual(new Set([200]));
  });

  test('are reported in the order of arrival when they are late or reversed', async () => {
    const late = await startDeliveries({ webhooks: { delayMs: 3000 } });
    const lateId = await late.start();
    expect(late.events).toEqual([]);
    late.clock.advance(3000);
    await responded(late, 1);
    expect(livestreamIds(late)).toEqual([lateId]);

    const reversed = await startDeliveries({ webhooks: { order: 'reversed', batchMs: 1000 } });
    const firstId = await reversed.start();
    await reversed.stop();
    const secondId = await reversed.start();
    reversed.clock.advance(1000);
    await responded(reversed, 3);
    expect(livestreamIds(reversed)).toEqual([secondId, firstId, firstId]);
  });

  test('with an invalid signature are rejected and not reported, while the valid ones are', async () => {
    const deliveries = await startDeliveries({ webhooks: { badSignatureRatio: 0.5 } });
    const startedIds: string[] = [];
    for (const round of [1, 2, 3]) {
      startedIds.push(await deliveries.start());
      await responded(deliveries, round * 2 - 1);
      await deliveries.stop();
      await responded(deliveries, round * 2);
      deliveries.clock.advance(60_000);
    }
    expect(deliveries.statuses()).toEqual([200, 401, 200, 401, 200, 401]);
    // The start of each livestream, but not its end.
    expect(livestreamIds(deliveries)).toEqual(startedIds);
    const deliveryStatuses = deliveries.sandbox.deliveries().deliveries.map(({ status }) => status);
    expect(deliveryStatuses).toEqual(['delivered', 'failed', 'delivered', 'failed', 'delivered', 'failed']);
    // The first fetch, and one more because of each invalid signature.
    expect(deliveries.keyRequestCount()).toBe(4);
  });

  test('are accepted without interruption when the key is rotated', async () => {
    const deliveries = await startDeliveries();
    const firstId = await deliveries.start();
    await responded(deliveries, 1);
    deliveries.sandbox.rotateKey();
    await deliveries.stop();
    await responded(deliveries, 2);
    const secondId = await deliveries.start();
    await responded(deliveries, 3);
    expect(deliveries.statuses()).toEqual([200, 200, 200]);
    expect(livestreamIds(deliveries)).toEqual([firstId, firstId, secondId]);
    expect([deliveries.keyRequestCount(), deliveries.logs]).toEqual([2, []]);
  });

  test('get a 503 while the key is unavailable, and are reported exactly once after the retry', async () => {
    const deliveries = await startDeliveries({ webhooks: { copies: 2 } });
    const { sandbox, clock, logs } = deliveries;
    sandbox.setFaults([{ kind: 'status', status: 500, route: '/.well-known/webhooks.json', times: 1 }]);
    const livestreamId = await deliveries.start();
    await responded(deliveries, 2);
    expect([deliveries.statuses(), deliveries.events]).toEqual([[503, 503], []]);
    expect(logs.map(({ level }) => level)).toEqual(['error']);
    // The sandbox sends a delivery again after 1 s, and then after 5 s.
    clock.advance(1000);
    await eventually(() => expect(sandbox.deliveries().deliveries.map(({ attempts }) => attempts)).toEqual([2, 2]));
    await eventually(() => expect(sandbox.deliveries().inFlight).toBe(0));
    clock.advance(5000);
    await eventually(() => expect(deliveries.statuses()).toEqual([200, 200]));
    expect(livestreamIds(deliveries)).toEqual([livestreamId]);
    expect(deliveries.keyRequestCount()).toBe(2);
  });

  test('that contain only the id are reported without a meeting', async () => {
    const deliveries = await startDeliveries({ responseFormats: { optionalFields: 'missing' } });
    const livestreamId = await deliveries.start();
    await responded(deliveries, 1);
    expect(deliveries.events).toEqual([{ livestreamId, meetingId: null }]);
  });

  test('are all reported when they are shuffled, repeated and partly forged', async () => {
    const webhooks = { order: 'shuffled', copies: 3, badSignatureRatio: 0.25, batchMs: 1000 } as const;
    const deliveries = await startDeliveries({ webhooks });
    const startedIds: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      startedIds.push(await deliveries.start());
      await deliveries.stop();
    }
    deliveries.clock.advance(1000);
    await responded(deliveries, 30);
    // Its start and its end.
    for (const id of startedIds) expect(livestreamIds(deliveries).filter((other) => other === id)).toHaveLength(2);
    expect(deliveries.events).toHaveLength(10);
    expect(deliveries.statuses().filter((status) => status !== 200)).toHaveLength(7);
  });
});
