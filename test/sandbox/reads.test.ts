import { describe, expect, test } from 'vitest';
import { aNumber, aString, getAt, stringMatching, assertArray, serveSandbox } from './serveSandbox.ts';

describe('the seed', () => {
  test('is the same at every start', async () => {
    const [first, second] = [await serveSandbox(), await serveSandbox()];
    expect(first.exampleIds).toEqual(second.exampleIds);
    expect((await first.get('/livestreams?per_page=100')).body).toEqual(
      (await second.get('/livestreams?per_page=100')).body,
    );
  });

  test('has many objects in every state', async () => {
    const { control } = await serveSandbox();
    expect(getAt((await control('GET', '/__sandbox')).body, 'counts')).toEqual({
      meetings: 240,
      livestreams: 320,
      byStatus: { LIVE: 64, INVOKED: 8, ERRORED: 12, OFFLINE: 20, IDLE: 216 },
    });
  });

  test('has a session for every livestream, and an active session for exactly the active ones', async () => {
    const { get } = await serveSandbox();
    const pages = await Promise.all([1, 2, 3, 4].map((page) => get(`/livestreams?per_page=100&page_no=${page}`)));
    const livestreams = pages.flatMap(({ body }) => assertArray(getAt(body, 'data')));
    expect(livestreams).toHaveLength(320);
    for (const livestream of livestreams) {
      const { body } = await get(`/livestreams/${String(getAt(livestream, 'id'))}`);
      const isActive = ['LIVE', 'INVOKED'].includes(String(getAt(livestream, 'status')));
      expect(getAt(body, 'data', 'session', 'stopped_time') === undefined).toBe(isActive);
      expect(getAt(body, 'data', 'paging', 'total_count')).toBeGreaterThan(0);
    }
  });

  test('has at most one active livestream in a meeting, and meetings without livestreams', async () => {
    const { get, exampleIds } = await serveSandbox();
    const { body } = await get('/livestreams?per_page=100&status=LIVE');
    const meetingIds = assertArray(getAt(body, 'data')).flatMap((row) => getAt(row, 'meeting_id') ?? []);
    expect(meetingIds).toHaveLength(60);
    expect(new Set(meetingIds).size).toBe(60);
    const empty = await get(`/meetings/${exampleIds.emptyMeetingId}/livestream`);
    expect(getAt(empty.body, 'data', 'livestreams')).toEqual([]);
  });

  test('has viewer seconds above 2^31', async () => {
    const { get, exampleIds } = await serveSandbox();
    const { body } = await get(`/livestreams/sessions/${exampleIds.independentSessionId}`);
    expect(getAt(body, 'data', 'viewer_seconds')).toBeGreaterThan(2 ** 31);
  });

  test('has no times in the future', async () => {
    const { get, clock } = await serveSandbox();
    const pages = await Promise.all([1, 2, 3, 4].map((page) => get(`/livestreams?per_page=100&page_no=${page}`)));
    const times = pages
      .flatMap(({ body }) => assertArray(getAt(body, 'data')))
      .flatMap((row) => [getAt(row, 'created_at'), getAt(row, 'updated_at')]);
    expect(times.every((time) => Date.parse(String(time)) <= clock.now())).toBe(true);
  });
});

describe('a read', () => {
  test('returns the active livestream of a meeting with all documented fields', async () => {
    const { get, exampleIds } = await serveSandbox();
    const { status, body } = await get(`/meetings/${exampleIds.liveMeetingId}/active-livestream`);
    expect(status).toBe(200);
    expect(body).toEqual({
      success: true,
      data: {
        id: exampleIds.liveLivestreamId,
        meeting_id: exampleIds.liveMeetingId,
        name: aString,
        status: 'LIVE',
        disabled: 'enabled',
        ingest_server: 'rtmps://live.cloudflare.com:443/live/',
        playback_url: stringMatching(/^https:\/\/.+\.m3u8$/),
        stream_key: stringMatching(/^[0-9a-f]{64}$/),
        created_at: stringMatching(/Z$/),
        updated_at: stringMatching(/Z$/),
      },
    });
  });

  test('returns the meters of an active session as strings, and those of a session by id as numbers', async () => {
    const { get, exampleIds } = await serveSandbox();
    const active = await get(`/livestreams/${exampleIds.liveLivestreamId}/active-livestream-session`);
    const byId = await get(`/livestreams/sessions/${exampleIds.liveSessionId}`);
    expect(getAt(active.body, 'data', 'session')).toMatchObject({
      id: exampleIds.liveSessionId,
      ingest_seconds: aString,
      viewer_seconds: aString,
      invoked_time: aString,
    });
    expect(getAt(byId.body, 'data')).toMatchObject({
      ingest_seconds: aNumber,
      viewer_seconds: aNumber,
    });
    expect(getAt(byId.body, 'data', 'invoked_time')).toBeUndefined();
  });

  test('returns the error message of a failed session', async () => {
    const { get, exampleIds } = await serveSandbox();
    const { body } = await get(`/livestreams/sessions/${exampleIds.erroredSessionId}`);
    expect(getAt(body, 'data', 'err_message')).toEqual(expect.any(String));
  });

  test('returns a meeting, and its livestreams with their sessions', async () => {
    const { get, exampleIds } = await serveSandbox();
    const meeting = await get(`/meetings/${exampleIds.idleMeetingId}`);
    expect(getAt(meeting.body, 'data')).toMatchObject({ id: exampleIds.idleMeetingId, title: aString });
    const { body } = await get(`/meetings/${exampleIds.idleMeetingId}/livestream`);
    const livestreams = assertArray(getAt(body, 'data', 'livestreams'));
    expect(livestreams.length).toBeGreaterThan(1);
    expect(getAt(livestreams, 0, 'disabled')).toEqual(expect.any(Boolean));
    expect(getAt(body, 'data', 'sessions', 0, 'ingest_seconds')).toEqual(expect.any(String));
  });

  test.each([
    ['/meetings/none/active-livestream'],
    ['/livestreams/none/active-livestream-session'],
    ['/livestreams/none'],
    ['/livestreams/sessions/none'],
    ['/meetings/none'],
  ])('responds 404 for an object that does not exist: %s', async (path) => {
    const { get } = await serveSandbox();
    const { status, body } = await get(path);
    expect(status).toBe(404);
    expect(body).toMatchObject({ success: false, error: { code: 404 } });
  });

  test('is rejected without a token, as by the API', async () => {
    const { call } = await serveSandbox();
    for (const authorization of ['', 'Bearer ', 'Basic eHg=']) {
      const response = await call('/livestreams', { headers: { authorization } });
      expect(response.status).toBe(401);
      expect(await response.json()).toEqual({
        success: false,
        errors: [{ code: 10000, message: 'Authentication error' }],
        messages: [],
        result: null,
      });
    }
  });

  test('responds 404 for an unknown route and 405 for a wrong method', async () => {
    const { get, post } = await serveSandbox();
    expect((await get('/recordings')).status).toBe(404);
    expect((await post('/livestreams')).status).toBe(405);
  });

  test("has the time of the sandbox's clock and a ray in its headers", async () => {
    const { get, clock } = await serveSandbox();
    const { headers } = await get('/livestreams');
    expect(headers.get('date')).toBe(new Date(clock.now()).toUTCString());
    expect(headers.get('cf-ray')).toMatch(/^[0-9a-f]{16}-[A-Z]{3}$/);
    expect(headers.get('content-type')).toContain('application/json');
  });
});

describe('a list', () => {
  test('has pages of 20 rows by default, newest first, with 1-based inclusive offsets', async () => {
    const { get } = await serveSandbox();
    const { body } = await get('/livestreams?page_no=2');
    expect(getAt(body, 'paging')).toEqual({ start_offset: 21, end_offset: 40, total_count: 320 });
    const times = assertArray(getAt(body, 'data')).map((row) => Date.parse(String(getAt(row, 'created_at'))));
    expect(times).toEqual(times.toSorted((left, right) => right - left));
  });

  test('is reversed by sort_order=ASC', async () => {
    const { get } = await serveSandbox();
    const ascending = await get('/livestreams?sort_order=ASC&per_page=1');
    const descending = await get('/livestreams?sort_order=DSC&per_page=1&page_no=320');
    expect(getAt(ascending.body, 'data')).toEqual(getAt(descending.body, 'data'));
  });

  test('is empty beyond its end, with the total count', async () => {
    const { get } = await serveSandbox();
    const { status, body } = await get('/livestreams?page_no=99');
    expect(status).toBe(200);
    expect(body).toMatchObject({ data: [], paging: { total_count: 320 } });
  });

  test('can be filtered by status and time, and exclude livestreams of meetings', async () => {
    const { get, clock } = await serveSandbox();
    const total = async (query: string) => getAt((await get(`/livestreams?${query}`)).body, 'paging', 'total_count');
    const yesterday = new Date(clock.now() - 86_400_000).toISOString();
    expect(await total('status=INVOKED')).toBe(8);
    expect(await total('status=LIVE&exclude_meetings=true')).toBe(4);
    expect(await total('exclude_meetings=true')).toBe(14);
    expect(Number(await total(`start_time=${yesterday}`)) + Number(await total(`end_time=${yesterday}`))).toBe(320);
  });

  test('of meetings can be searched', async () => {
    const { get } = await serveSandbox();
    const { body } = await get('/meetings?search=KNITTING&per_page=50');
    const titles = assertArray(getAt(body, 'data')).map((row) => String(getAt(row, 'title')));
    expect(titles.length).toBeGreaterThan(1);
    expect(titles.every((title) => title.startsWith('Knitting circle'))).toBe(true);
  });

  test.each([['page_no=x'], ['per_page=0'], ['per_page=-1'], ['status=GONE'], ['start_time=noon'], ['sort_order=UP']])(
    'rejects %s with 400',
    async (query) => {
      const { get } = await serveSandbox();
      const { status, body } = await get(`/livestreams?${query}`);
      expect(status).toBe(400);
      expect(getAt(body, 'error', 'message')).toContain(query.split('=')[0]);
    },
  );
});
