import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { WebhookSettings } from '../../src/sandbox/settings.ts';
import { eventually } from '../support/eventually.ts';
import { type ReceivedRequest, serveWithReceiver, statusesOf } from './deliveryReceiver.ts';
import { getAt, serveSandbox } from './serveSandbox.ts';

const serveWithSettings = (webhooks: Partial<WebhookSettings>) => serveWithReceiver({ goLiveAfterMs: 0, webhooks });

const waitForRequests = async ({ receiver }: { receiver: { received: ReceivedRequest[] } }, count: number) => {
  await eventually(() => expect(receiver.received).toHaveLength(count));
  return receiver.received;
};

describe('the setting webhooks', () => {
  test('copies: sends each delivery several times with the same uuid', async () => {
    const served = await serveWithSettings({ copies: 3 });
    await served.start();
    await served.stop();
    const all = await waitForRequests(served, 6);
    expect(statusesOf(all)).toEqual(['LIVE', 'LIVE', 'LIVE', 'OFFLINE', 'OFFLINE', 'OFFLINE']);
    expect(new Set(all.map(({ headers }) => headers['rtk-uuid'])).size).toBe(2);
  });

  test('delayMs: sends deliveries late, with the status at the time of the event', async () => {
    const served = await serveWithSettings({ delayMs: 4000 });
    await served.start();
    served.clock.advance(3999);
    await served.stop();
    expect(served.sandbox.deliveries()).toMatchObject({ total: 2, inFlight: 0 });
    served.clock.advance(1);
    expect(statusesOf(await waitForRequests(served, 1))).toEqual(['LIVE']);
    served.clock.advance(3999);
    expect(statusesOf(await waitForRequests(served, 2))).toEqual(['LIVE', 'OFFLINE']);
  });

  test('order: reversed sends the events within batchMs in reverse order, after delayMs', async () => {
    const served = await serveWithSettings({ order: 'reversed', batchMs: 1500, delayMs: 500 });
    await served.start();
    served.clock.advance(1999);
    await served.stop();
    expect(served.sandbox.deliveries().inFlight).toBe(0);
    served.clock.advance(1);
    expect(statusesOf(await waitForRequests(served, 2))).toEqual(['OFFLINE', 'LIVE']);
    await served.start();
    served.clock.advance(2000);
    expect(statusesOf(await waitForRequests(served, 3)).at(-1)).toBe('LIVE');
  });

  test('order: reversed with a batchMs of 0 does not reverse different events', async () => {
    const served = await serveWithSettings({ order: 'reversed', batchMs: 0 });
    await served.start();
    await served.stop();
    expect(statusesOf(await waitForRequests(served, 2))).toEqual(['LIVE', 'OFFLINE']);
  });

  test('order: shuffled sends all events in another order', async () => {
    const served = await serveWithSettings({ order: 'shuffled' });
    const { exampleIds, sandbox, clock } = served;
    const ids = [
      exampleIds.liveMeetingId,
      exampleIds.idleMeetingId,
      exampleIds.emptyMeetingId,
      exampleIds.invokedMeetingId,
    ];
    for (const meetingId of ids) sandbox.trigger({ kind: 'meeting-started', meetingId });
    clock.advance(1000);
    const meetingIds = (await waitForRequests(served, 4)).map(({ body }) => getAt(body, 'meeting', 'id'));
    expect(new Set(meetingIds)).toEqual(new Set(ids));
    expect(meetingIds).not.toEqual(ids);
    expect(meetingIds).not.toEqual(ids.toReversed());
  });

  test('badSignatureRatio: sends that fraction of deliveries with a wrong signature', async () => {
    const served = await serveWithSettings({ badSignatureRatio: 0.5 });
    for (const livestream of [1, 2]) {
      await served.start();
      await served.stop();
      await waitForRequests(served, livestream * 2);
    }
    const pem = String(getAt(await (await fetch(served.keyUrl)).json(), 'data', 'publicKey'));
    const isVerified = served.receiver.received.map(({ headers, raw }) =>
      verify('RSA-SHA256', raw, createPublicKey(pem), Buffer.from(String(headers['rtk-signature']), 'base64')),
    );
    expect(isVerified).toEqual([true, false, true, false]);
  });

  test('enabled: false sends nothing, and never sends the events that occur meanwhile', async () => {
    const served = await serveWithSettings({ enabled: false });
    await served.start();
    served.sandbox.configure({ webhooks: { enabled: true } });
    expect(served.sandbox.deliveries().total).toBe(0);
    await served.stop();
    expect(statusesOf(await waitForRequests(served, 1))).toEqual(['OFFLINE']);
  });

  test('statuses: all sends events that are not documented: INVOKED, ERRORED and a new playback URL', async () => {
    const webhooks = { statuses: 'all' } as const;
    const served = await serveWithReceiver({ goLiveAfterMs: 3000, playbackUrlDelayMs: 5000, webhooks });
    const livestreamId = await served.start();
    served.clock.advance(10_000);
    await served.control('POST', '/__sandbox/events', { kind: 'livestream-failed', livestreamId });
    const all = await waitForRequests(served, 4);
    expect(statusesOf(all)).toEqual(['INVOKED', 'LIVE', 'LIVE', 'ERRORED']);
    expect(all.map(({ body }) => typeof getAt(body, 'playbackUrl'))).toEqual([
      'undefined',
      'undefined',
      'string',
      'string',
    ]);
  });

  test('statuses: all sends no event for a playback URL that becomes visible after the end', async () => {
    const served = await serveWithReceiver({ playbackUrlDelayMs: 5000, webhooks: { statuses: 'all' } });
    await served.start();
    await served.stop();
    served.clock.advance(10_000);
    await served.start();
    expect(statusesOf(await waitForRequests(served, 3))).toEqual(['INVOKED', 'OFFLINE', 'INVOKED']);
  });

  test('endStatus: IDLE sends IDLE instead of OFFLINE', async () => {
    const served = await serveWithSettings({ endStatus: 'IDLE' });
    await served.start();
    await served.stop();
    expect(statusesOf(await waitForRequests(served, 2))).toEqual(['LIVE', 'IDLE']);
  });

  test('responseFormats applies to events, too: undocumented statuses, and only the id', async () => {
    const served = await serveWithReceiver({ goLiveAfterMs: 0, responseFormats: { status: 'unknown' } });
    const streamId = await served.start();
    expect(statusesOf(await waitForRequests(served, 1))).toEqual(['ARCHIVED']);
    served.sandbox.configure({ responseFormats: { optionalFields: 'missing' } });
    await served.stop();
    const [, bare] = await waitForRequests(served, 2);
    expect(bare?.body).toEqual({ event: 'livestreaming.statusUpdate', streamId });
  });

  test.each([
    [{ copies: 0 }, 'webhooks.copies must be'],
    [{ copies: 101 }, 'webhooks.copies must be at most 100'],
    [{ badSignatureRatio: 1.5 }, 'webhooks.badSignatureRatio must be at most 1'],
    [{ order: 'random' }, 'webhooks.order must be one of'],
    [{ late: 5 }, 'webhooks.late is unknown'],
  ])('rejects %j', async (webhooks, message) => {
    const { control, sandbox } = await serveSandbox();
    const before = sandbox.overview();
    const { status, body } = await control('PUT', '/__sandbox/settings', { webhooks });
    expect([status, String(getAt(body, 'error'))]).toEqual([400, expect.stringContaining(message)]);
    expect(sandbox.overview()).toEqual(before);
  });
});

describe('the control route for events', () => {
  test('renames a livestream', async () => {
    const { control, get, exampleIds } = await serveSandbox();
    const livestreamId = exampleIds.liveLivestreamId;
    await control('POST', '/__sandbox/events', { kind: 'livestream-renamed', livestreamId, name: 'New name' });
    expect(getAt((await get(`/livestreams/${livestreamId}`)).body, 'data', 'livestream', 'name')).toBe('New name');
  });

  test.each([
    [{ kind: 'earthquake' }, 'kind must be one of'],
    [{}, 'kind must be one of livestream-failed'],
    [{ kind: 'livestream-failed' }, 'livestreamId is required'],
    [{ kind: 'livestream-failed', livestreamId: 'none' }, 'LIVE or INVOKED'],
    [{ kind: 'livestream-renamed', livestreamId: 'none', name: 'x' }, 'livestreamId must be'],
    [{ kind: 'meeting-started', meetingId: 'none' }, 'meetingId must be'],
    [{ kind: 'meeting-ended', meetingId: 'none', reason: 'HOST_ENDED_MEETING' }, 'meetingId must be'],
  ])('rejects %j', async (event, message) => {
    const { control } = await serveSandbox();
    const { status, body } = await control('POST', '/__sandbox/events', event);
    expect([status, String(getAt(body, 'error'))]).toEqual([400, expect.stringContaining(message)]);
  });

  test('rejects the end of a livestream that has ended, and an unknown reason for the end of a meeting', async () => {
    const { sandbox, control, exampleIds } = await serveSandbox();
    const failure = { kind: 'livestream-failed', livestreamId: exampleIds.liveLivestreamId } as const;
    sandbox.trigger(failure);
    expect(() => sandbox.trigger(failure)).toThrow('LIVE or INVOKED');
    const ending = { kind: 'meeting-ended', meetingId: exampleIds.invokedMeetingId, reason: 'BORED' };
    expect((await control('POST', '/__sandbox/events', ending)).status).toBe(400);
    expect(sandbox.overview().counts.byStatus).toMatchObject({ LIVE: 63, INVOKED: 8, ERRORED: 13 });
  });
});
