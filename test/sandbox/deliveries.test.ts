import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { serveAndReceive, startReceiver, statuses } from './receiver.ts';
import { at, matching, serve } from './support.ts';
import { eventually } from '../support/eventually.ts';

const publicKeyAt = async (url: string) => String(at(await (await fetch(url)).json(), 'data', 'publicKey'));

describe('a livestream that goes live', () => {
  test('is told when the clock gets there, in the documented form', async () => {
    const { start, clock, receiver, exampleIds, get, webhookId } = await serveAndReceive({ goLiveAfterMs: 3000 });
    const id = await start();
    const meeting = at((await get(`/meetings/${exampleIds.emptyMeetingId}`)).body, 'data');
    const livestream = at((await get(`/livestreams/${id}`)).body, 'data', 'livestream');
    clock.advance(2999);
    expect(receiver.received).toEqual([]);
    clock.advance(1);
    await eventually(() => expect(receiver.received).toHaveLength(1));
    expect(receiver.received[0]).toMatchObject({
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'rtk-uuid': matching(/^[0-9a-f-]{36}$/),
        'rtk-webhook-id': webhookId,
        'rtk-signature': matching(/^[A-Za-z0-9+/]{342}==$/),
      },
    });
    expect(receiver.received[0]?.body).toEqual({
      event: 'livestreaming.statusUpdate',
      streamId: id,
      status: 'LIVE',
      manualIngest: false,
      playbackUrl: at(livestream, 'playback_url'),
      ingestServer: at(livestream, 'ingest_server'),
      streamKey: at(livestream, 'stream_key'),
      meeting: {
        id: exampleIds.emptyMeetingId,
        title: at(meeting, 'title'),
        createdAt: at(meeting, 'created_at'),
        status: 'LIVE',
        organizedBy: { id: 'an-app', name: 'Sandbox organization' },
      },
    });
  });

  test('is signed so that the published key verifies the raw body, and no other', async () => {
    const { start, clock, receiver, keyUrl } = await serveAndReceive();
    await start();
    clock.advance(3000);
    await eventually(() => expect(receiver.received).toHaveLength(1));
    const [received] = receiver.received;
    const key = createPublicKey(await publicKeyAt(keyUrl));
    const signature = Buffer.from(String(received?.headers['rtk-signature']), 'base64');
    expect(verify('RSA-SHA256', received?.raw ?? Buffer.of(), key, signature)).toBe(true);
    expect(verify('RSA-SHA256', Buffer.from(`${received?.raw.toString()} `), key, signature)).toBe(false);
  });

  test('has no playback URL in its event where none has appeared yet', async () => {
    const { start, clock, receiver } = await serveAndReceive({ playbackUrlDelayMs: 5000 });
    await start();
    clock.advance(10_000);
    await eventually(() => expect(receiver.received).toHaveLength(1));
    expect(receiver.received[0]?.body).toMatchObject({ status: 'LIVE' });
    expect(receiver.received[0]?.body).not.toHaveProperty('playbackUrl');
  });

  test('is told at once where the clock is moved, and not while it stands still', async () => {
    const { start, clock, receiver, sandbox } = await serveAndReceive({ goLiveAfterMs: 60_000 });
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
    await eventually(() => expect(statuses(receiver.received)).toEqual(['LIVE']));
  });
});

describe('a livestream that ends', () => {
  test('is told as OFFLINE while reads say IDLE', async () => {
    const { start, stop, receiver, get } = await serveAndReceive({ goLiveAfterMs: 0 });
    const id = await start();
    await stop();
    await eventually(() => expect(statuses(receiver.received)).toEqual(['LIVE', 'OFFLINE']));
    expect(at((await get(`/livestreams/${id}`)).body, 'data', 'livestream', 'status')).toBe('IDLE');
  });

  test('is told as OFFLINE too where it has failed, and only reads tell why', async () => {
    const { receiver, sandbox, exampleIds, get } = await serveAndReceive();
    const livestreamId = exampleIds.independentLivestreamId;
    sandbox.trigger({ kind: 'livestream-failed', livestreamId, message: 'No frames' });
    await eventually(() => expect(statuses(receiver.received)).toEqual(['OFFLINE']));
    // Nothing of a meeting: it has none.
    expect(receiver.received[0]?.body).toMatchObject({ streamId: livestreamId, manualIngest: true });
    expect(receiver.received[0]?.body).not.toHaveProperty('meeting');
    const { body } = await get(`/livestreams/${livestreamId}`);
    expect(at(body, 'data', 'livestream', 'status')).toBe('ERRORED');
    expect(at(body, 'data', 'session', 'err_message')).toBe('No frames');
  });

  test('ends with its meeting, whose beginning and end are told', async () => {
    const { receiver, control, clock, exampleIds } = await serveAndReceive();
    const meetingId = exampleIds.liveMeetingId;
    const startedAt = new Date(clock.now()).toISOString();
    await control('POST', '/__sandbox/happenings', { kind: 'meeting-started', meetingId });
    clock.advance(60_000);
    await control('POST', '/__sandbox/happenings', {
      kind: 'meeting-ended',
      meetingId,
      reason: 'ALL_PARTICIPANTS_LEFT',
    });
    await eventually(() => expect(receiver.received).toHaveLength(3));
    const [started, offline, ended] = receiver.received.map(({ body }) => body);
    expect(started).toMatchObject({
      event: 'meeting.started',
      meeting: { id: meetingId, status: 'LIVE', sessionId: matching(/^[0-9a-f-]{36}$/), startedAt },
    });
    expect(offline).toMatchObject({ streamId: exampleIds.liveLivestreamId, status: 'OFFLINE' });
    const endedAt = new Date(clock.now()).toISOString();
    expect(ended).toMatchObject({ event: 'meeting.ended', reason: 'ALL_PARTICIPANTS_LEFT' });
    expect(at(ended, 'meeting')).toEqual(Object.assign({ endedAt }, at(started, 'meeting')));
  });
});

describe('a webhook is told', () => {
  test('only what it asked for, while it is enabled and registered', async () => {
    const { post, send, start, stop, sandbox, webhookId, exampleIds } = await serveAndReceive({ goLiveAfterMs: 0 });
    const other = { name: 'Meetings', url: 'http://127.0.0.1:9/', events: ['meeting.ended'] };
    await post('/webhooks', other);
    const made = async (change: () => Promise<unknown>) => {
      sandbox.clearDeliveries();
      await change();
      return sandbox.deliveries().deliveries.map((delivery) => [delivery.event, delivery.webhookId]);
    };
    expect(await made(start)).toEqual([['livestreaming.statusUpdate', webhookId]]);
    await send('PATCH', `/webhooks/${webhookId}`, { enabled: false });
    expect(await made(stop)).toEqual([]);
    expect(await made(() => send('PATCH', `/webhooks/${webhookId}`, { enabled: true }))).toEqual([]);
    expect(await made(start)).toEqual([['livestreaming.statusUpdate', webhookId]]);
    await send('DELETE', `/webhooks/${webhookId}`);
    expect(await made(stop)).toEqual([]);
    await send('POST', '/webhooks', { ...other, url: 'http://127.0.0.1:9/other' });
    const end = async () => sandbox.trigger({ kind: 'meeting-ended', meetingId: exampleIds.idleMeetingId });
    expect((await made(end)).map(([event]) => event)).toEqual(['meeting.ended', 'meeting.ended']);
  });

  test('what its own app is, and nothing of what happened before it was registered', async () => {
    const { url, post, exampleIds, sandbox } = await serve({ goLiveAfterMs: 0 });
    const receiver = await startReceiver();
    const hook = { name: 'Elsewhere', url: receiver.url, events: ['livestreaming.statusUpdate'] };
    await post(`/meetings/${exampleIds.emptyMeetingId}/livestreams`);
    const headers = { authorization: 'Bearer t' };
    const elsewhere = `${url}/accounts/an-account/realtime/kit/another-app/webhooks`;
    await fetch(elsewhere, { method: 'POST', headers, body: JSON.stringify(hook) });
    expect(sandbox.deliveries().total).toBe(0);
    await post(`/meetings/${exampleIds.liveMeetingId}/active-livestream/stop`);
    await eventually(() => expect(receiver.received).toHaveLength(1));
    expect(at(receiver.received[0]?.body, 'meeting', 'organizedBy', 'id')).toBe('another-app');
  });
});

describe('the uuid of a delivery', () => {
  test('never comes again, not even from a sandbox that is started anew', async () => {
    const served = [await serveAndReceive({ goLiveAfterMs: 0 }), await serveAndReceive({ goLiveAfterMs: 0 })];
    for (const { start, stop } of served) {
      await start();
      await stop();
    }
    const uuids = served.flatMap(({ sandbox }) => sandbox.deliveries().deliveries.map(({ uuid }) => uuid));
    expect(new Set(uuids).size).toBe(4);
  });
});

describe('the public key', () => {
  test('is served to anyone, in the documented form, and costs no quota', async () => {
    const { keyUrl, origin, sandbox, get } = await serve({ quota: { limit: 1 } });
    expect(keyUrl).toBe(`${origin}/.well-known/webhooks.json`);
    const answers = [await fetch(keyUrl), await fetch(keyUrl)];
    const bodies: unknown[] = await Promise.all(answers.map((answer) => answer.json()));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const publicKey = matching(/^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END PUBLIC KEY-----\n$/);
    expect(bodies[0]).toEqual({ success: true, data: { publicKey }, message: '' });
    expect(bodies[1]).toEqual(bodies[0]);
    expect(sandbox.requests().requests.map(({ route }) => route)).toEqual(Array(2).fill('/.well-known/webhooks.json'));
    expect((await get('/livestreams')).status).toBe(200);
  });

  test('can be made to fail, and can be changed for another', async () => {
    const { keyUrl, sandbox, control } = await serve();
    const before = await publicKeyAt(keyUrl);
    sandbox.setFaults([{ kind: 'status', route: '/.well-known/webhooks.json', times: 1 }]);
    expect((await fetch(keyUrl)).status).toBe(503);
    expect(await publicKeyAt(keyUrl)).toBe(before);
    await control('POST', '/__sandbox/webhook-key');
    expect(await publicKeyAt(keyUrl)).not.toBe(before);
  });
});
