import { describe, expect, test } from 'vitest';
import { aString, at, serve } from './support.ts';

describe('starting a livestream', () => {
  test('answers 201 with the five documented fields, INVOKED', async () => {
    const { post, exampleIds } = await serve();
    const { status, body } = await post(`/meetings/${exampleIds.emptyMeetingId}/livestreams`, { name: 'First light' });
    expect(status).toBe(201);
    expect(at(body, 'data')).toEqual({
      id: aString,
      ingest_server: aString,
      playback_url: aString,
      status: 'INVOKED',
      stream_key: aString,
    });
  });

  test('goes live by the clock, and its session then has a start', async () => {
    const { post, get, clock, exampleIds } = await serve({ goLiveAfterMs: 3000 });
    const path = `/meetings/${exampleIds.emptyMeetingId}`;
    const id = String(at((await post(`${path}/livestreams`)).body, 'data', 'id'));
    clock.advance(2999);
    expect(at((await get(`${path}/active-livestream`)).body, 'data', 'status')).toBe('INVOKED');
    clock.advance(1);
    expect(at((await get(`${path}/active-livestream`)).body, 'data', 'status')).toBe('LIVE');
    const { body } = await get(`/livestreams/${id}/active-livestream-session`);
    expect(at(body, 'data', 'session', 'started_time')).toBe(new Date(clock.now()).toISOString());
  });

  test('can be slow to tell its playback URL and its name', async () => {
    const { post, get, clock, exampleIds } = await serve({ playbackUrlDelayMs: 5000, nameDelayMs: 1000 });
    const path = `/meetings/${exampleIds.emptyMeetingId}`;
    const started = await post(`${path}/livestreams`, { name: 'First light' });
    const read = async (key: string) => at((await get(`${path}/active-livestream`)).body, 'data', key);
    expect(at(started.body, 'data', 'playback_url')).toBeUndefined();
    expect(await read('name')).toBeUndefined();
    clock.advance(1000);
    expect(await read('name')).toBe('First light');
    expect(await read('playback_url')).toBeUndefined();
    clock.advance(4000);
    expect(await read('playback_url')).toMatch(/m3u8$/);
  });

  test('conflicts where the meeting is live or invoked already', async () => {
    const { post, exampleIds } = await serve();
    for (const id of [exampleIds.liveMeetingId, exampleIds.invokedMeetingId]) {
      const { status, body } = await post(`/meetings/${id}/livestreams`);
      expect(status).toBe(409);
      expect(at(body, 'error', 'message')).toContain('already being livestreamed');
    }
  });

  test('needs a meeting that exists', async () => {
    const { post } = await serve();
    expect((await post('/meetings/none/livestreams')).status).toBe(404);
  });

  test.each([
    [[]],
    ['text'],
    [{ name: 5 }],
    [{ video_config: 'wide' }],
    [{ video_config: { width: 0, height: 720 } }],
    [{ video_config: { width: 1280, height: '720' } }],
  ])('refuses the body %j', async (body) => {
    const { post, exampleIds, sandbox } = await serve();
    expect((await post(`/meetings/${exampleIds.emptyMeetingId}/livestreams`, body)).status).toBe(400);
    expect(sandbox.overview().counts.livestreams).toBe(320);
  });

  test('refuses a body that is not JSON', async () => {
    const { call, exampleIds } = await serve();
    const response = await call(`/meetings/${exampleIds.emptyMeetingId}/livestreams`, { method: 'POST', body: '{' });
    expect(response.status).toBe(400);
  });
});

describe('stopping a livestream', () => {
  test('makes it IDLE, ends its session and leaves the meeting without an active one', async () => {
    const { post, get, clock, exampleIds } = await serve();
    const { status, body } = await post(`/meetings/${exampleIds.liveMeetingId}/active-livestream/stop`);
    expect(status).toBe(200);
    expect(at(body, 'data', 'message')).toEqual(expect.any(String));
    const livestream = await get(`/livestreams/${exampleIds.liveLivestreamId}`);
    expect(at(livestream.body, 'data', 'livestream', 'status')).toBe('IDLE');
    const session = await get(`/livestreams/sessions/${exampleIds.liveSessionId}`);
    expect(at(session.body, 'data', 'stopped_time')).toBe(new Date(clock.now()).toISOString());
    expect((await get(`/meetings/${exampleIds.liveMeetingId}/active-livestream`)).status).toBe(404);
  });

  test('is a 404 where nothing is active', async () => {
    const { post, exampleIds } = await serve();
    expect((await post(`/meetings/${exampleIds.idleMeetingId}/active-livestream/stop`)).status).toBe(404);
  });

  test('before the first frames leaves a session that never started', async () => {
    const { post, get, clock, exampleIds } = await serve();
    const path = `/meetings/${exampleIds.emptyMeetingId}`;
    const id = String(at((await post(`${path}/livestreams`)).body, 'data', 'id'));
    await post(`${path}/active-livestream/stop`);
    clock.advance(60_000);
    const { body } = await get(`/livestreams/${id}`);
    expect(at(body, 'data', 'livestream', 'status')).toBe('IDLE');
    expect(at(body, 'data', 'session')).toMatchObject({ ingest_seconds: 0, viewer_seconds: 0 });
    expect(at(body, 'data', 'session', 'started_time')).toBeUndefined();
  });
});

describe('the meters', () => {
  test('advance in steps of 45 seconds', async () => {
    const { post, get, clock, exampleIds } = await serve({ goLiveAfterMs: 0 });
    const { body } = await post(`/meetings/${exampleIds.emptyMeetingId}/livestreams`);
    const ingested = async () => {
      const read = await get(`/livestreams/${String(at(body, 'data', 'id'))}`);
      return at(read.body, 'data', 'session', 'ingest_seconds');
    };
    const seen: unknown[] = [];
    for (const milliseconds of [44_000, 1000, 44_999, 1]) {
      clock.advance(milliseconds);
      seen.push(await ingested());
    }
    expect(seen).toEqual([0, 45, 45, 90]);
  });

  test('never advance where no frames arrive', async () => {
    const { get, clock, exampleIds } = await serve();
    clock.advance(86_400_000);
    const { body } = await get(`/livestreams/${exampleIds.invokedLivestreamId}/active-livestream-session`);
    expect(at(body, 'data', 'livestream', 'status')).toBe('INVOKED');
    expect(at(body, 'data', 'session', 'ingest_seconds')).toBe('0');
  });
});
