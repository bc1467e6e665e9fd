import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { serveWithReceiver, startReceiver, statusesOf } from './deliveryReceiver.ts';
import { getAt, stringMatching, serveSandbox } from './serveSandbox.ts';
import { eventually } from '../support/eventually.ts';

const publicKeyAt = async (url: string) => String(getAt(await (await fetch(url)).json(), 'data', 'publicKey'));

describe('a livestream that goes live', () => {
  test('sends an event at that time, in the documented format', async () => {
    const { start, clock, receiver, exampleIds, get, webhookId } = await serveWithReceiver({ goLiveAfterMs: 3000 });
    const id = await start();
    const meeting = getAt((await get(`/meetings/${exampleIds.emptyMeetingId}`)).body, 'data');
    const livestream = getAt((await get(`/livestreams/${id}`)).body, 'data', 'livestream');
    clock.advance(2999);
    expect(receiver.received).toEqual([]);
    clock.advance(1);
    await eventually(() => expect(receiver.received).toHaveLength(1));
    expect(receiver.received[0]).toMatchObject({
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'rtk-uuid': stringMatching(/^[0-9a-f-]{36}$/),
        'rtk-webhook-id': webhookId,
        'rtk-signature': stringMatching(/^[A-Za-z0-9+/]{342}==$/),
      },
    });
    expect(receiver.received[0]?.body).toEqual({
      event: 'livestreaming.statusUpdate',
      streamId: id,
      status: 'LIVE',
      manualIngest: false,
      playbackUrl: getAt(livestream, 'playback_url'),
      ingestServer: getAt(livestream, 'ingest_server'),
      streamKey: getAt(livestream, 'stream_key'),
      meeting: {
        id: exampleIds.emptyMeetingId,
        title: getAt(meeting, 'title'),
        createdAt: getAt(meeting, 'created_at'),
        status: 'LIVE',
        organizedBy: { id: 'an-app', name: 'Sandbox organization' },
      },
    });
  });

  test('sends an event whose signature the published key verifies for the raw body only', async () => {
    const { start, clock, receiver, keyUrl } = await serveWithReceiver();
    await start();
    clock.advance(3000);
    await eventually(() => expect(receiver.received).toHaveLength(1));
    const [received] = receiver.received;
    const key = createPublicKey(await publicKeyAt(keyUrl));
    const signature = Buffer.from(String(received?.headers['rtk-signature']), 'base64');
    expect(verify('RSA-SHA256', received?.raw ?? Buffer.of(), key, signature)).toBe(true);
    expect(verify('RSA-SHA256', Buffer.from(`${received?.raw.toString()} `), key, signature)).toBe(false);
  });

  test('sends an event without a playback URL if the URL is not visible yet', async () => {
    const { start, clock, receiver } = await serveWithReceiver({ playbackUrlDelayMs: 5000 });
    await start();
    clock.advance(10_000);
    await eventually(() => expect(receiver.received).toHaveLength(1));
    expect(receiver.received[0]?.body).toMatchObject({ status: 'LIVE' });
    expect(receiver.received[0]?.body).not.toHaveProperty('playbackUrl');
  });

  test('sends an event when the clock is moved past that time, and none while the clock is stopped', async () => {
    const { start, clock, receiver, sandbox } = await serveWithReceiver({ goLiveAfterMs: 60_000 });
    sandbox.setClock({ running: false });
    await start();
    expect(clock.pending()).toBe(0);
    clock.advance(120_000);
    expect(sandbox.deliveries().total).toBe(0);
    sandbox.setClock({ advanceSeconds: 50 });
    expect(sandbox.deliveries().total).toBe(0);
    sandbox.setClock({ running: true });
    clock.advance(9999);
    expect(sandbox.deliveries().total).toBe(0);
    clock.advance(1);
    await eventually(() => expect(statusesOf(receiver.received)).toEqual(['LIVE']));
  });
});

describe('a livestream that ends', () => {
  test('sends an event with OFFLINE, while its status is IDLE in reads', async () => {
    const { start, stop, receiver, get } = await serveWithReceiver({ goLiveAfterMs: 0 });
    const id = await start();
    await stop();
    await eventually(() => expect(statusesOf(receiver.received)).toEqual(['LIVE', 'OFFLINE']));
    expect(getAt((await get(`/livestreams/${id}`)).body, 'data', 'livestream', 'status')).toBe('IDLE');
  });

  test('sends an event with OFFLINE after a failure, whose reason only reads contain', async () => {
    const { receiver, sandbox, exampleIds, get } = await serveWithReceiver();
    const livestreamId = exampleIds.independentLivestreamId;
    sandbox.trigger({ kind: 'livestream-failed', livestreamId, message: 'No frames' });
    await eventually(() => expect(statusesOf(receiver.received)).toEqual(['OFFLINE']));
    // The livestream has no meeting.
    expect(receiver.received[0]?.body).toMatchObject({ streamId: livestreamId, manualIngest: true });
    expect(receiver.received[0]?.body).not.toHaveProperty('meeting');
    const { body } = await get(`/livestreams/${livestreamId}`);
    expect(getAt(body, 'data', 'livestream', 'status')).toBe('ERRORED');
    expect(getAt(body, 'data', 'session', 'err_message')).toBe('No frames');
  });

  test('ends with its meeting, which sends events at its start and end', async () => {
    const { receiver, control, clock, exampleIds } = await serveWithReceiver();
    const meetingId = exampleIds.liveMeetingId;
    const startedAt = new Date(clock.now()).toISOString();
    await control('POST', '/__sandbox/events', { kind: 'meeting-started', meetingId });
    clock.advance(60_000);
    await control('POST', '/__sandbox/events', {
      kind: 'meeting-ended',
      meetingId,
      reason: 'ALL_PARTICIPANTS_LEFT',
    });
    await eventually(() => expect(receiver.received).toHaveLength(3));
    const [started, offline, ended] = receiver.received.map(({ body }) => body);
    expect(started).toMatchObject({
      event: 'meeting.started',
      meeting: { id: meetingId, status: 'LIVE', sessionId: stringMatching(/^[0-9a-f-]{36}$/), startedAt },
    });
    expect(offline).toMatchObject({ streamId: exampleIds.liveLivestreamId, status: 'OFFLINE' });
    const endedAt = new Date(clock.now()).toISOString();
    expect(ended).toMatchObject({ event: 'meeting.ended', reason: 'ALL_PARTICIPANTS_LEFT' });
    expect(getAt(ended, 'meeting')).toEqual(Object.assign({ endedAt }, getAt(started, 'meeting')));
  });
});

describe('a webhook', () => {
  test('gets only the events that it subscribes to, while it is registered and enabled', async () => {
    const { post, send, start, stop, sandbox, webhookId, exampleIds } = await serveWithReceiver({ goLiveAfterMs: 0 });
    const other = { name: 'Meetings', url: 'http://127.0.0.1:9/', events: ['meeting.ended'] };
    await post('/webhooks', other);
    const deliveriesAfter = async (change: () => Promise<unknown>) => {
      sandbox.clearDeliveries();
      await change();
      return sandbox.deliveries().deliveries.map((delivery) => [delivery.event, delivery.webhookId]);
    };
    expect(await deliveriesAfter(start)).toEqual([['livestreaming.statusUpdate', webhookId]]);
    await send('PATCH', `/webhooks/${webhookId}`, { enabled: false });
    expect(await deliveriesAfter(stop)).toEqual([]);
    expect(await deliveriesAfter(() => send('PATCH', `/webhooks/${webhookId}`, { enabled: true }))).toEqual([]);
    expect(await deliveriesAfter(start)).toEqual([['livestreaming.statusUpdate', webhookId]]);
    await send('DELETE', `/webhooks/${webhookId}`);
    expect(await deliveriesAfter(stop)).toEqual([]);
    await send('POST', '/webhooks', { ...other, url: 'http://127.0.0.1:9/other' });
    const end = async () => sandbox.trigger({ kind: 'meeting-ended', meetingId: exampleIds.idleMeetingId });
    expect((await deliveriesAfter(end)).map(([event]) => event)).toEqual(['meeting.ended', 'meeting.ended']);
  });

  test('gets events with the id of its own app, and none from before its registration', async () => {
    const { url, post, exampleIds, sandbox } = await serveSandbox({ goLiveAfterMs: 0 });
    const receiver = await startReceiver();
    const hook = { name: 'Elsewhere', url: receiver.url, events: ['livestreaming.statusUpdate'] };
    await post(`/meetings/${exampleIds.emptyMeetingId}/livestreams`);
    const headers = { authorization: 'Bearer t' };
    const elsewhere = `${url}/accounts/an-account/realtime/kit/another-app/webhooks`;
    await fetch(elsewhere, { method: 'POST', headers, body: JSON.stringify(hook) });
    expect(sandbox.deliveries().total).toBe(0);
    await post(`/meetings/${exampleIds.liveMeetingId}/active-livestream/stop`);
    await eventually(() => expect(receiver.received).toHaveLength(1));
    expect(getAt(receiver.received[0]?.body, 'meeting', 'organizedBy', 'id')).toBe('another-app');
  });
});

describe('the uuid of a delivery', () => {
  test('is never reused, not even by a restarted sandbox', async () => {
    const served = [await serveWithReceiver({ goLiveAfterMs: 0 }), await serveWithReceiver({ goLiveAfterMs: 0 })];
    for (const { start, stop } of served) {
      await start();
      await stop();
    }
    const uuids = served.flatMap(({ sandbox }) => sandbox.deliveries().deliveries.map(({ uuid }) => uuid));
    expect(new Set(uuids).size).toBe(4);
  });
});

describe('the public key', () => {
  test('is served without a token, in the documented format, and does not count towards the quota', async () => {
    const { keyUrl, origin, sandbox, get } = await serveSandbox({ quota: { limit: 1 } });
    expect(keyUrl).toBe(`${origin}/.well-known/webhooks.json`);
    const responses = [await fetch(keyUrl), await fetch(keyUrl)];
    const bodies: unknown[] = await Promise.all(responses.map((response) => response.json()));
    expect(responses.map(({ status }) => status)).toEqual([200, 200]);
    const publicKey = stringMatching(
      /^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END PUBLIC KEY-----\n$/,
    );
    expect(bodies[0]).toEqual({ success: true, data: { publicKey }, message: '' });
    expect(bodies[1]).toEqual(bodies[0]);
    expect(sandbox.requests().requests.map(({ route }) => route)).toEqual(Array(2).fill('/.well-known/webhooks.json'));
    expect((await get('/livestreams')).status).toBe(200);
  });

  test('can be affected by a fault, and can be replaced', async () => {
    const { keyUrl, sandbox, control } = await serveSandbox();
    const before = await publicKeyAt(keyUrl);
    sandbox.setFaults([{ kind: 'status', route: '/.well-known/webhooks.json', times: 1 }]);
    expect((await fetch(keyUrl)).status).toBe(503);
    expect(await publicKeyAt(keyUrl)).toBe(before);
    await control('POST', '/__sandbox/webhook-key');
    expect(await publicKeyAt(keyUrl)).not.toBe(before);
  });
});
