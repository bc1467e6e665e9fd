import { describe, expect, test } from 'vitest';

import { at } from '../sandbox/support.ts';
import { eventually } from '../support/upstream.ts';
import { deliverToReceiver } from '../live/support.ts';

type Delivering = Awaited<ReturnType<typeof deliverToReceiver>>;

/** Waits until so many deliveries have been answered. */
const answered = (delivering: Delivering, count: number): Promise<void> =>
  eventually(() => expect(delivering.answers().filter((answer) => answer !== null)).toHaveLength(count));

const statuses = ({ events }: Delivering): unknown[] =>
  events.map((event) => at(event, 'status') ?? at(event, 'phase'));

describe("the sandbox's deliveries", () => {
  test('tell what becomes of a livestream, and nothing that is secret', async () => {
    const delivering = await deliverToReceiver();
    const livestreamId = await delivering.start();
    await answered(delivering, 1);
    await delivering.stop();
    await answered(delivering, 2);
    const { events, logs, meetingId } = delivering;
    const playbackUrl: unknown = expect.stringMatching(/^https:.*m3u8$/);
    expect(events).toEqual([
      { kind: 'livestream', livestreamId, status: 'LIVE', playbackUrl, meetingId },
      { kind: 'livestream', livestreamId, status: 'OFFLINE', playbackUrl, meetingId },
    ]);
    const [sent = ''] = delivering.payloads();
    const secret = String(at(JSON.parse(sent), 'streamKey'));
    expect(secret.length).toBeGreaterThan(10);
    expect(JSON.stringify([events, logs])).not.toContain(secret);
    expect([delivering.answers(), delivering.keyReads()]).toEqual([[200, 200], 1]);
  });

  test("tell a meeting's beginning and end", async () => {
    const delivering = await deliverToReceiver();
    const { sandbox, meetingId, events } = delivering;
    sandbox.happen({ kind: 'meeting-started', meetingId });
    await answered(delivering, 1);
    sandbox.happen({ kind: 'meeting-ended', meetingId, reason: 'HOST_ENDED_MEETING' });
    await answered(delivering, 2);
    expect(events).toEqual([
      { kind: 'meeting', meetingId, phase: 'started' },
      { kind: 'meeting', meetingId, phase: 'ended' },
    ]);
  });

  test('that come several times are told once, and each copy is answered 200', async () => {
    const delivering = await deliverToReceiver({ webhooks: { copies: 4 } });
    await delivering.start();
    await answered(delivering, 4);
    await delivering.stop();
    await answered(delivering, 8);
    expect(statuses(delivering)).toEqual(['LIVE', 'OFFLINE']);
    expect(new Set(delivering.answers())).toEqual(new Set([200]));
  });

  test('that come late, or the wrong way round, are told as they come', async () => {
    const late = await deliverToReceiver({ webhooks: { lateMs: 3000 } });
    await late.start();
    expect(late.events).toEqual([]);
    late.clock.advance(3000);
    await answered(late, 1);
    expect(statuses(late)).toEqual(['LIVE']);

    const reversed = await deliverToReceiver({ webhooks: { order: 'reversed', batchMs: 1000 } });
    await reversed.start();
    await reversed.stop();
    reversed.clock.advance(1000);
    await answered(reversed, 2);
    expect(statuses(reversed)).toEqual(['OFFLINE', 'LIVE']);
  });

  test('with a bad signature are refused for good and told to nobody, the others are told', async () => {
    const delivering = await deliverToReceiver({ webhooks: { badSignatureShare: 0.5 } });
    for (const round of [1, 2, 3]) {
      await delivering.start();
      await answered(delivering, round * 2 - 1);
      await delivering.stop();
      await answered(delivering, round * 2);
    }
    expect(delivering.answers()).toEqual([200, 401, 200, 401, 200, 401]);
    expect(statuses(delivering)).toEqual(['LIVE', 'LIVE', 'LIVE']);
    const fates = delivering.sandbox.deliveries().deliveries.map(({ status }) => status);
    expect(fates).toEqual(['delivered', 'failed', 'delivered', 'failed', 'delivered', 'failed']);
    // The first reading, and one more for the signatures that were bad.
    expect(delivering.keyReads()).toBe(2);
  });

  test('are taken without a break when the key changes', async () => {
    const delivering = await deliverToReceiver();
    await delivering.start();
    await answered(delivering, 1);
    delivering.sandbox.rotateKey();
    await delivering.stop();
    await answered(delivering, 2);
    await delivering.start();
    await answered(delivering, 3);
    expect(delivering.answers()).toEqual([200, 200, 200]);
    expect(statuses(delivering)).toEqual(['LIVE', 'OFFLINE', 'LIVE']);
    expect([delivering.keyReads(), delivering.logs]).toEqual([2, []]);
  });

  test('are asked for again while the key cannot be read, and none is lost or told twice', async () => {
    const delivering = await deliverToReceiver({ webhooks: { copies: 2 } });
    const { sandbox, clock, logs } = delivering;
    sandbox.fail([{ kind: 'status', status: 500, route: '/.well-known/webhooks.json', times: 1 }]);
    await delivering.start();
    await answered(delivering, 2);
    expect([delivering.answers(), delivering.events]).toEqual([[503, 503], []]);
    expect(logs.map(({ level }) => level)).toEqual(['error']);
    // The sandbox repeats a delivery after 1 s, and then after 5 s.
    clock.advance(1000);
    await eventually(() => expect(sandbox.deliveries().deliveries.map(({ attempts }) => attempts)).toEqual([2, 2]));
    await eventually(() => expect(sandbox.deliveries().underWay).toBe(0));
    clock.advance(5000);
    await eventually(() => expect(delivering.answers()).toEqual([200, 200]));
    expect(statuses(delivering)).toEqual(['LIVE']);
    expect(delivering.keyReads()).toBe(2);
  });

  test('with nothing in them but the id are told, as far as they go', async () => {
    const delivering = await deliverToReceiver({ shapes: { optionalFields: 'missing' } });
    const livestreamId = await delivering.start();
    await answered(delivering, 1);
    expect(delivering.events).toEqual([
      { kind: 'livestream', livestreamId, status: 'UNKNOWN', playbackUrl: null, meetingId: null },
    ]);
  });

  test('all come through in any disorder: shuffled, doubled and partly forged', async () => {
    const webhooks = { order: 'shuffled', copies: 3, badSignatureShare: 0.25, batchMs: 1000 } as const;
    const delivering = await deliverToReceiver({ webhooks });
    for (let round = 0; round < 5; round += 1) {
      await delivering.start();
      await delivering.stop();
    }
    delivering.clock.advance(1000);
    await answered(delivering, 30);
    expect(statuses(delivering).filter((status) => status === 'LIVE')).toHaveLength(5);
    expect(statuses(delivering).filter((status) => status === 'OFFLINE')).toHaveLength(5);
    expect(delivering.answers().filter((answer) => answer === 401)).toHaveLength(7);
  });
});
