import { describe, expect, test } from 'vitest';
import { aNumber, aString, at, matching, rows, serve } from './support.ts';

describe('the seed', () => {
  test('is the same at every start', async () => {
    const [first, second] = [await serve(), await serve()];
    expect(first.exampleIds).toEqual(second.exampleIds);
    expect((await first.get('/livestreams?per_page=100')).body).toEqual(
      (await second.get('/livestreams?per_page=100')).body,
    );
  });

  test('has enough of every kind to page through', async () => {
    const { control } = await serve();
    expect(at((await control('GET', '/__sandbox')).body, 'counts')).toEqual({
      meetings: 240,
      livestreams: 320,
      byStatus: { LIVE: 64, INVOKED: 8, ERRORED: 12, OFFLINE: 20, IDLE: 216 },
    });
  });

  test('gives every livestream a session, and exactly the active ones a running session', async () => {
    const { get } = await serve();
    const pages = await Promise.all([1, 2, 3, 4].map((page) => get(`/livestreams?per_page=100&page_no=${page}`)));
    const livestreams = pages.flatMap(({ body }) => rows(at(body, 'data')));
    expect(livestreams).toHaveLength(320);
    for (const livestream of livestreams) {
      const { body } = await get(`/livestreams/${String(at(livestream, 'id'))}`);
      const isActive = ['LIVE', 'INVOKED'].includes(String(at(livestream, 'status')));
      expect(at(body, 'data', 'session', 'stopped_time') === undefined).toBe(isActive);
      expect(at(body, 'data', 'paging', 'total_count')).toBeGreaterThan(0);
    }
  });

  test('has meetings with at most one active livestream, and meetings with none at all', async () => {
    const { get, exampleIds } = await serve();
    const { body } = await get('/livestreams?per_page=100&status=LIVE');
    const meetingIds = rows(at(body, 'data')).flatMap((row) => at(row, 'meeting_id') ?? []);
    expect(meetingIds).toHaveLength(60);
    expect(new Set(meetingIds).size).toBe(60);
    const empty = await get(`/meetings/${exampleIds.emptyMeetingId}/livestream`);
    expect(at(empty.body, 'data', 'livestreams')).toEqual([]);
  });

  test('has viewer seconds past 2^31', async () => {
    const { get, exampleIds } = await serve();
    const { body } = await get(`/livestreams/sessions/${exampleIds.independentSessionId}`);
    expect(at(body, 'data', 'viewer_seconds')).toBeGreaterThan(2 ** 31);
  });

  test('shows nothing from the future', async () => {
    const { get, clock } = await serve();
    const pages = await Promise.all([1, 2, 3, 4].map((page) => get(`/livestreams?per_page=100&page_no=${page}`)));
    const times = pages
      .flatMap(({ body }) => rows(at(body, 'data')))
      .flatMap((row) => [at(row, 'created_at'), at(row, 'updated_at')]);
    expect(times.every((time) => Date.parse(String(time)) <= clock.now())).toBe(true);
  });
});

describe('a read', () => {
  test('gives a meeting its active livestream with every documented field', async () => {
    const { get, exampleIds } = await serve();
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
        playback_url: matching(/^https:\/\/.+\.m3u8$/),
        stream_key: matching(/^[0-9a-f]{64}$/),
        created_at: matching(/Z$/),
        updated_at: matching(/Z$/),
      },
    });
  });

  test('gives the active session its meters as strings, and the session by id as numbers', async () => {
    const { get, exampleIds } = await serve();
    const active = await get(`/livestreams/${exampleIds.liveLivestreamId}/active-livestream-session`);
    const byId = await get(`/livestreams/sessions/${exampleIds.liveSessionId}`);
    expect(at(active.body, 'data', 'session')).toMatchObject({
      id: exampleIds.liveSessionId,
      ingest_seconds: aString,
      viewer_seconds: aString,
      invoked_time: aString,
    });
    expect(at(byId.body, 'data')).toMatchObject({
      ingest_seconds: aNumber,
      viewer_seconds: aNumber,
    });
    expect(at(byId.body, 'data', 'invoked_time')).toBeUndefined();
  });

  test('tells why a session failed', async () => {
    const { get, exampleIds } = await serve();
    const { body } = await get(`/livestreams/sessions/${exampleIds.erroredSessionId}`);
    expect(at(body, 'data', 'err_message')).toEqual(expect.any(String));
  });

  test('gives a meeting, and its livestreams with their sessions', async () => {
    const { get, exampleIds } = await serve();
    const meeting = await get(`/meetings/${exampleIds.idleMeetingId}`);
    expect(at(meeting.body, 'data')).toMatchObject({ id: exampleIds.idleMeetingId, title: aString });
    const { body } = await get(`/meetings/${exampleIds.idleMeetingId}/livestream`);
    const livestreams = rows(at(body, 'data', 'livestreams'));
    expect(livestreams.length).toBeGreaterThan(1);
    expect(at(livestreams, 0, 'disabled')).toEqual(expect.any(Boolean));
    expect(at(body, 'data', 'sessions', 0, 'ingest_seconds')).toEqual(expect.any(String));
  });

  test.each([
    ['/meetings/none/active-livestream'],
    ['/livestreams/none/active-livestream-session'],
    ['/livestreams/none'],
    ['/livestreams/sessions/none'],
    ['/meetings/none'],
  ])('of what is not there is a 404: %s', async (path) => {
    const { get } = await serve();
    const { status, body } = await get(path);
    expect(status).toBe(404);
    expect(body).toMatchObject({ success: false, error: { code: 404 } });
  });

  test('without a token is refused as the API refuses it', async () => {
    const { call } = await serve();
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

  test('of an unknown route is a 404 and of a wrong method a 405', async () => {
    const { get, post } = await serve();
    expect((await get('/recordings')).status).toBe(404);
    expect((await post('/livestreams')).status).toBe(405);
  });

  test("carries the time of the sandbox's clock and a ray", async () => {
    const { get, clock } = await serve();
    const { headers } = await get('/livestreams');
    expect(headers.get('date')).toBe(new Date(clock.now()).toUTCString());
    expect(headers.get('cf-ray')).toMatch(/^[0-9a-f]{16}-[A-Z]{3}$/);
    expect(headers.get('content-type')).toContain('application/json');
  });
});

describe('a list', () => {
  test('is paged by 20, newest first, with 1-based inclusive offsets', async () => {
    const { get } = await serve();
    const { body } = await get('/livestreams?page_no=2');
    expect(at(body, 'paging')).toEqual({ start_offset: 21, end_offset: 40, total_count: 320 });
    const times = rows(at(body, 'data')).map((row) => Date.parse(String(at(row, 'created_at'))));
    expect(times).toEqual(times.toSorted((left, right) => right - left));
  });

  test('turns round with sort_order=ASC', async () => {
    const { get } = await serve();
    const ascending = await get('/livestreams?sort_order=ASC&per_page=1');
    const descending = await get('/livestreams?sort_order=DSC&per_page=1&page_no=320');
    expect(at(ascending.body, 'data')).toEqual(at(descending.body, 'data'));
  });

  test('is empty past its end, and still tells the total', async () => {
    const { get } = await serve();
    const { status, body } = await get('/livestreams?page_no=99');
    expect(status).toBe(200);
    expect(body).toMatchObject({ data: [], paging: { total_count: 320 } });
  });

  test('filters by status, by time, and leaves out those of meetings', async () => {
    const { get, clock } = await serve();
    const total = async (query: string) => at((await get(`/livestreams?${query}`)).body, 'paging', 'total_count');
    const yesterday = new Date(clock.now() - 86_400_000).toISOString();
    expect(await total('status=INVOKED')).toBe(8);
    expect(await total('status=LIVE&exclude_meetings=true')).toBe(4);
    expect(await total('exclude_meetings=true')).toBe(14);
    expect(Number(await total(`start_time=${yesterday}`)) + Number(await total(`end_time=${yesterday}`))).toBe(320);
  });

  test('of meetings can be searched', async () => {
    const { get } = await serve();
    const { body } = await get('/meetings?search=KNITTING&per_page=50');
    const titles = rows(at(body, 'data')).map((row) => String(at(row, 'title')));
    expect(titles.length).toBeGreaterThan(1);
    expect(titles.every((title) => title.startsWith('Knitting circle'))).toBe(true);
  });

  test.each([['page_no=x'], ['per_page=0'], ['per_page=-1'], ['status=GONE'], ['start_time=noon'], ['sort_order=UP']])(
    'refuses %s with a 400',
    async (query) => {
      const { get } = await serve();
      const { status, body } = await get(`/livestreams?${query}`);
      expect(status).toBe(400);
      expect(at(body, 'error', 'message')).toContain(query.split('=')[0]);
    },
  );
});
