import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { WebhookSettings } from '../../src/sandbox/webhooks/webhookSettings.ts';
import { eventually } from '../support/eventually.ts';
import { type Received, serveAndReceive, statuses } from './receiver.ts';
import { at, serve } from './support.ts';

const withWebhooks = (webhooks: Partial<WebhookSettings>) => serveAndReceive({ goLiveAfterMs: 0, webhooks });

const received = async ({ receiver }: { receiver: { received: Received[] } }, count: number) => {
  await eventually(() => expect(receiver.received).toHaveLength(count));
  return receiver.received;
};

describe('the switches of webhooks', () => {
  test('copies: each delivery comes several times under one uuid', async () => {
    const served = await withWebhooks({ copies: 3 });
    await served.start();
    await served.stop();
    const all = await received(served, 6);
    expect(statuses(all)).toEqual(['LIVE', 'LIVE', 'LIVE', 'OFFLINE', 'OFFLINE', 'OFFLINE']);
    expect(new Set(all.map(({ headers }) => headers['rtk-uuid'])).size).toBe(2);
  });

  test('delayMs: deliveries come late, by the clock, and tell what was', async () => {
    const served = await withWebhooks({ delayMs: 4000 });
    await served.start();
    served.clock.advance(3999);
    await served.stop();
    expect(served.sandbox.deliveries()).toMatchObject({ total: 2, inFlight: 0 });
    served.clock.advance(1);
    expect(statuses(await received(served, 1))).toEqual(['LIVE']);
    served.clock.advance(3999);
    expect(statuses(await received(served, 2))).toEqual(['LIVE', 'OFFLINE']);
  });

  test('order: reversed sends what happened within batchMs the wrong way round, and late if it is to be', async () => {
    const served = await withWebhooks({ order: 'reversed', batchMs: 1500, delayMs: 500 });
    await served.start();
    served.clock.advance(1999);
    await served.stop();
    expect(served.sandbox.deliveries().inFlight).toBe(0);
    served.clock.advance(1);
    expect(statuses(await received(served, 2))).toEqual(['OFFLINE', 'LIVE']);
    await served.start();
    served.clock.advance(2000);
    expect(statuses(await received(served, 3)).at(-1)).toBe('LIVE');
  });

  test('order: reversed turns round the copies of one delivery at most where batchMs is 0', async () => {
    const served = await withWebhooks({ order: 'reversed', batchMs: 0 });
    await served.start();
    await served.stop();
    expect(statuses(await received(served, 2))).toEqual(['LIVE', 'OFFLINE']);
  });

  test('order: shuffled sends them all, in an order that is neither', async () => {
    const served = await withWebhooks({ order: 'shuffled' });
    const { exampleIds, sandbox, clock } = served;
    const ids = [
      exampleIds.liveMeetingId,
      exampleIds.idleMeetingId,
      exampleIds.emptyMeetingId,
      exampleIds.invokedMeetingId,
    ];
    for (const meetingId of ids) sandbox.trigger({ kind: 'meeting-started', meetingId });
    clock.advance(1000);
    const seen = (await received(served, 4)).map(({ body }) => at(body, 'meeting', 'id'));
    expect(new Set(seen)).toEqual(new Set(ids));
    expect(seen).not.toEqual(ids);
    expect(seen).not.toEqual(ids.toReversed());
  });

  test('badSignatureRatio: that part of the deliveries is signed for another body', async () => {
    const served = await withWebhooks({ badSignatureRatio: 0.5 });
    for (const livestream of [1, 2]) {
      await served.start();
      await served.stop();
      await received(served, livestream * 2);
    }
    const pem = String(at(await (await fetch(served.keyUrl)).json(), 'data', 'publicKey'));
    const verdicts = served.receiver.received.map(({ headers, raw }) =>
      verify('RSA-SHA256', raw, createPublicKey(pem), Buffer.from(String(headers['rtk-signature']), 'base64')),
    );
    expect(verdicts).toEqual([true, false, true, false]);
  });

  test('enabled: false sends nothing, and never tells what happened meanwhile', async () => {
    const served = await withWebhooks({ enabled: false });
    await served.start();
    served.sandbox.configure({ webhooks: { enabled: true } });
    expect(served.sandbox.deliveries().total).toBe(0);
    await served.stop();
    expect(statuses(await received(served, 1))).toEqual(['OFFLINE']);
  });

  test('statuses: all tells what no page lists: INVOKED, a playback URL appearing, ERRORED', async () => {
    const webhooks = { statuses: 'all' } as const;
    const served = await serveAndReceive({ goLiveAfterMs: 3000, playbackUrlDelayMs: 5000, webhooks });
    const livestreamId = await served.start();
    served.clock.advance(10_000);
    await served.control('POST', '/__sandbox/happenings', { kind: 'livestream-failed', livestreamId });
    const all = await received(served, 4);
    expect(statuses(all)).toEqual(['INVOKED', 'LIVE', 'LIVE', 'ERRORED']);
    expect(all.map(({ body }) => typeof at(body, 'playbackUrl'))).toEqual([
      'undefined',
      'undefined',
      'string',
      'string',
    ]);
  });

  test('statuses: all says nothing of a playback URL that appears after the end', async () => {
    const served = await serveAndReceive({ playbackUrlDelayMs: 5000, webhooks: { statuses: 'all' } });
    await served.start();
    await served.stop();
    served.clock.advance(10_000);
    await served.start();
    expect(statuses(await received(served, 3))).toEqual(['INVOKED', 'OFFLINE', 'INVOKED']);
  });

  test('stopped: IDLE is the other word for an end', async () => {
    const served = await withWebhooks({ endStatus: 'IDLE' });
    await served.start();
    await served.stop();
    expect(statuses(await received(served, 2))).toEqual(['LIVE', 'IDLE']);
  });

  test('the shapes hold for events too: unknown statuses, and nothing but the id', async () => {
    const served = await serveAndReceive({ goLiveAfterMs: 0, responseFormats: { status: 'unknown' } });
    const streamId = await served.start();
    expect(statuses(await received(served, 1))).toEqual(['ARCHIVED']);
    served.sandbox.configure({ responseFormats: { optionalFields: 'missing' } });
    await served.stop();
    const [, bare] = await received(served, 2);
    expect(bare?.body).toEqual({ event: 'livestreaming.statusUpdate', streamId });
  });

  test.each([
    [{ copies: 0 }, 'webhooks.copies must be'],
    [{ copies: 101 }, 'webhooks.copies must be at most 100'],
    [{ badSignatureRatio: 1.5 }, 'webhooks.badSignatureRatio must be at most 1'],
    [{ order: 'random' }, 'webhooks.order must be one of'],
    [{ late: 5 }, 'webhooks.late is not known'],
  ])('refuse %j', async (webhooks, message) => {
    const { control, sandbox } = await serve();
    const before = sandbox.overview();
    const { status, body } = await control('PUT', '/__sandbox/settings', { webhooks });
    expect([status, String(at(body, 'error'))]).toEqual([400, expect.stringContaining(message)]);
    expect(sandbox.overview()).toEqual(before);
  });
});

describe('what happens without the API', () => {
  test('renames a livestream', async () => {
    const { control, get, exampleIds } = await serve();
    const livestreamId = exampleIds.liveLivestreamId;
    await control('POST', '/__sandbox/happenings', { kind: 'livestream-renamed', livestreamId, name: 'New name' });
    expect(at((await get(`/livestreams/${livestreamId}`)).body, 'data', 'livestream', 'name')).toBe('New name');
  });

  test.each([
    [{ kind: 'earthquake' }, 'kind must be one of'],
    [{}, 'kind must be one of livestream-failed'],
    [{ kind: 'livestream-failed' }, 'livestreamId is required'],
    [{ kind: 'livestream-failed', livestreamId: 'none' }, 'LIVE or INVOKED'],
    [{ kind: 'livestream-renamed', livestreamId: 'none', name: 'x' }, 'livestreamId must be'],
    [{ kind: 'meeting-started', meetingId: 'none' }, 'meetingId must be'],
    [{ kind: 'meeting-ended', meetingId: 'none', reason: 'HOST_ENDED_MEETING' }, 'meetingId must be'],
  ])('refuses %j', async (happening, message) => {
    const { control } = await serve();
    const { status, body } = await control('POST', '/__sandbox/happenings', happening);
    expect([status, String(at(body, 'error'))]).toEqual([400, expect.stringContaining(message)]);
  });

  test('does not end a livestream twice, nor a meeting for a reason that is none', async () => {
    const { sandbox, control, exampleIds } = await serve();
    const failure = { kind: 'livestream-failed', livestreamId: exampleIds.liveLivestreamId } as const;
    sandbox.trigger(failure);
    expect(() => sandbox.trigger(failure)).toThrow('LIVE or INVOKED');
    const ending = { kind: 'meeting-ended', meetingId: exampleIds.invokedMeetingId, reason: 'BORED' };
    expect((await control('POST', '/__sandbox/happenings', ending)).status).toBe(400);
    expect(sandbox.overview().counts.byStatus).toMatchObject({ LIVE: 63, INVOKED: 8, ERRORED: 13 });
  });
});
