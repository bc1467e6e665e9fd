import { describe, expect, test } from 'vitest';
import { aString, getAt, serveSandbox } from './serveSandbox.ts';

describe('the start of a livestream', () => {
  test('responds 201 with the five documented fields and the status INVOKED', async () => {
    const { post, exampleIds } = await serveSandbox();
    const { status, body } = await post(`/meetings/${exampleIds.emptyMeetingId}/livestreams`, { name: 'First light' });
    expect(status).toBe(201);
    expect(getAt(body, 'data')).toEqual({
      id: aString,
      ingest_server: aString,
      playback_url: aString,
      status: 'INVOKED',
      stream_key: aString,
    });
  });

  test('is followed by LIVE after goLiveAfterMs, and the session then has a start time', async () => {
    const { post, get, clock, exampleIds } = await serveSandbox({ goLiveAfterMs: 3000 });
    const path = `/meetings/${exampleIds.emptyMeetingId}`;
    const id = String(getAt((await post(`${path}/livestreams`)).body, 'data', 'id'));
    clock.advance(2999);
    expect(getAt((await get(`${path}/active-livestream`)).body, 'data', 'status')).toBe('INVOKED');
    clock.advance(1);
    expect(getAt((await get(`${path}/active-livestream`)).body, 'data', 'status')).toBe('LIVE');
    const { body } = await get(`/livestreams/${id}/active-livestream-session`);
    expect(getAt(body, 'data', 'session', 'started_time')).toBe(new Date(clock.now()).toISOString());
  });

  test('can be followed by reads without the playback URL and the name at first', async () => {
    const { post, get, clock, exampleIds } = await serveSandbox({ playbackUrlDelayMs: 5000, nameDelayMs: 1000 });
    const path = `/meetings/${exampleIds.emptyMeetingId}`;
    const started = await post(`${path}/livestreams`, { name: 'First light' });
    const read = async (key: string) => getAt((await get(`${path}/active-livestream`)).body, 'data', key);
    expect(getAt(started.body, 'data', 'playback_url')).toBeUndefined();
    expect(await read('name')).toBeUndefined();
    clock.advance(1000);
    expect(await read('name')).toBe('First light');
    expect(await read('playback_url')).toBeUndefined();
    clock.advance(4000);
    expect(await read('playback_url')).toMatch(/m3u8$/);
  });

  test('is rejected with 409 if the meeting has a livestream that is LIVE or INVOKED', async () => {
    const { post, exampleIds } = await serveSandbox();
    for (const id of [exampleIds.liveMeetingId, exampleIds.invokedMeetingId]) {
      const { status, body } = await post(`/meetings/${id}/livestreams`);
      expect(status).toBe(409);
      expect(getAt(body, 'error', 'message')).toContain('already being livestreamed');
    }
  });

  test('is rejected with 404 if the meeting does not exist', async () => {
    const { post } = await serveSandbox();
    expect((await post('/meetings/none/livestreams')).status).toBe(404);
  });

  test.each([
    [[]],
    ['text'],
    [{ name: 5 }],
    [{ video_config: 'wide' }],
    [{ video_config: { width: 0, height: 720 } }],
    [{ video_config: { width: 1280, height: '720' } }],
  ])('is rejected with 400 for the body %j', async (body) => {
    const { post, exampleIds, sandbox } = await serveSandbox();
    expect((await post(`/meetings/${exampleIds.emptyMeetingId}/livestreams`, body)).status).toBe(400);
    expect(sandbox.overview().counts.livestreams).toBe(320);
  });

  test('is rejected with 400 for a body that is not JSON', async () => {
    const { call, exampleIds } = await serveSandbox();
    const response = await call(`/meetings/${exampleIds.emptyMeetingId}/livestreams`, { method: 'POST', body: '{' });
    expect(response.status).toBe(400);
  });
});

describe('the stop of a livestream', () => {
  test('sets the status IDLE and ends the session, after which the meeting has no active livestream', async () => {
    const { post, get, clock, exampleIds } = await serveSandbox();
    const { status, body } = await post(`/meetings/${exampleIds.liveMeetingId}/active-livestream/stop`);
    expect(status).toBe(200);
    expect(getAt(body, 'data', 'message')).toEqual(expect.any(String));
    const livestream = await get(`/livestreams/${exampleIds.liveLivestreamId}`);
    expect(getAt(livestream.body, 'data', 'livestream', 'status')).toBe('IDLE');
    const session = await get(`/livestreams/sessions/${exampleIds.liveSessionId}`);
    expect(getAt(session.body, 'data', 'stopped_time')).toBe(new Date(clock.now()).toISOString());
    expect((await get(`/meetings/${exampleIds.liveMeetingId}/active-livestream`)).status).toBe(404);
  });

  test('is rejected with 404 if the meeting has no active livestream', async () => {
    const { post, exampleIds } = await serveSandbox();
    expect((await post(`/meetings/${exampleIds.idleMeetingId}/active-livestream/stop`)).status).toBe(404);
  });

  test('before the first frames leaves a session without a start time', async () => {
    const { post, get, clock, exampleIds } = await serveSandbox();
    const path = `/meetings/${exampleIds.emptyMeetingId}`;
    const id = String(getAt((await post(`${path}/livestreams`)).body, 'data', 'id'));
    await post(`${path}/active-livestream/stop`);
    clock.advance(60_000);
    const { body } = await get(`/livestreams/${id}`);
    expect(getAt(body, 'data', 'livestream', 'status')).toBe('IDLE');
    expect(getAt(body, 'data', 'session')).toMatchObject({ ingest_seconds: 0, viewer_seconds: 0 });
    expect(getAt(body, 'data', 'session', 'started_time')).toBeUndefined();
  });
});

describe('the meters', () => {
  test('advance in steps of 45 seconds', async () => {
    const { post, get, clock, exampleIds } = await serveSandbox({ goLiveAfterMs: 0 });
    const { body } = await post(`/meetings/${exampleIds.emptyMeetingId}/livestreams`);
    const ingested = async () => {
      const read = await get(`/livestreams/${String(getAt(body, 'data', 'id'))}`);
      return getAt(read.body, 'data', 'session', 'ingest_seconds');
    };
    const values: unknown[] = [];
    for (const ms of [44_000, 1000, 44_999, 1]) {
      clock.advance(ms);
      values.push(await ingested());
    }
    expect(values).toEqual([0, 45, 45, 90]);
  });

  test('do not advance if no frames arrive', async () => {
    const { get, clock, exampleIds } = await serveSandbox();
    clock.advance(86_400_000);
    const { body } = await get(`/livestreams/${exampleIds.invokedLivestreamId}/active-livestream-session`);
    expect(getAt(body, 'data', 'livestream', 'status')).toBe('INVOKED');
    expect(getAt(body, 'data', 'session', 'ingest_seconds')).toBe('0');
  });
});
