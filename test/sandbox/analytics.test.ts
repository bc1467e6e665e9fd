import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aString, getAt, assertArray, serveSandbox } from './serveSandbox.ts';
import { runs } from '../support/runs.ts';

type Served = Awaited<ReturnType<typeof serveSandbox>>;

const OVERALL = '/analytics/livestreams/overall';
const DAYWISE = '/analytics/livestreams/daywise';

/** All sessions, read page by page from `GET /livestreams/{livestream_id}`. */
async function allSessions({ get }: Served): Promise<unknown[]> {
  const pages = await Promise.all([1, 2, 3, 4].map((page) => get(`/livestreams?per_page=100&page_no=${page}`)));
  const ids = pages.flatMap(({ body }) => assertArray(getAt(body, 'data')).map((row) => String(getAt(row, 'id'))));
  const sessions = await Promise.all(ids.map((id) => sessionsOf(id)));
  return sessions.flat();

  async function sessionsOf(id: string): Promise<unknown[]> {
    const found: unknown[] = [];
    for (let page = 1; ; page += 1) {
      const { body } = await get(`/livestreams/${id}?page_no=${page}`);
      found.push(getAt(body, 'data', 'session'));
      if (found.length >= Number(getAt(body, 'data', 'paging', 'total_count'))) return found;
    }
  }
}

function totals(sessions: readonly unknown[]) {
  const sum = (key: string) => sessions.reduce<number>((total, session) => total + Number(getAt(session, key)), 0);
  return {
    count: sessions.length,
    total_ingest_seconds: sum('ingest_seconds'),
    total_viewer_seconds: sum('viewer_seconds'),
  };
}

const startSeconds = (session: unknown) => Math.floor(Date.parse(String(getAt(session, 'invoked_time'))) / 1000);

describe('the analytics', () => {
  test('are the sums of all sessions, overall and by the day on which the sessions began', async () => {
    const served = await serveSandbox();
    const sessions = await allSessions(served);
    const days = Map.groupBy(sessions, (session) => String(getAt(session, 'invoked_time')).slice(0, 10));
    const expected = [...days.keys()].toSorted().map((date) => Object.assign({ date }, totals(days.get(date) ?? [])));
    expect(sessions.length).toBeGreaterThan(320);
    expect(days.size).toBeGreaterThan(30);
    expect((await served.get(OVERALL)).body).toEqual({ success: true, data: totals(sessions) });
    expect((await served.get(DAYWISE)).body).toEqual({ success: true, data: expected });
  });

  test('include both ends of the time range, overall and by day', async () => {
    const served = await serveSandbox({ quota: { enforced: false } });
    const sessions = await allSessions(served);
    const seconds = sessions.map(startSeconds);
    const near = fc.tuple(fc.constantFrom(...seconds), fc.integer({ min: -1, max: 1 })).map(([at, by]) => at + by);
    await fc.assert(
      fc.asyncProperty(near, near, async (from, to) => {
        const expected = totals(
          sessions.filter((session) => from <= startSeconds(session) && startSeconds(session) <= to),
        );
        const range = `start_time=${from}&end_time=${to}`;
        expect(getAt((await served.get(`${OVERALL}?${range}`)).body, 'data')).toEqual(expected);
        const days = assertArray(getAt((await served.get(`${DAYWISE}?${range}`)).body, 'data'));
        expect(days.reduce<number>((total, day) => total + Number(getAt(day, 'count')), 0)).toBe(expected.count);
      }),
      { numRuns: runs(15) },
    );
  });

  test('are zeros, and no days, for a range in which no session began', async () => {
    const { get, clock } = await serveSandbox();
    const range = `start_time=${clock.now() / 1000 + 1}`;
    expect(getAt((await get(`${OVERALL}?${range}`)).body, 'data')).toEqual({
      count: 0,
      total_ingest_seconds: 0,
      total_viewer_seconds: 0,
    });
    expect(getAt((await get(`${DAYWISE}?${range}`)).body, 'data')).toEqual([]);
  });

  test('grow when livestreams start and run', async () => {
    const { get, post, clock, exampleIds } = await serveSandbox({ goLiveAfterMs: 0 });
    const read = async (key: string) => Number(getAt((await get(OVERALL)).body, 'data', key));
    const [count, ingested] = [await read('count'), await read('total_ingest_seconds')];
    await post(`/meetings/${exampleIds.emptyMeetingId}/livestreams`);
    expect(await read('count')).toBe(count + 1);
    clock.advance(45_000);
    expect(await read('total_ingest_seconds')).toBe(ingested + 65 * 45);
  });

  test.each([['start_time=noon'], ['end_time=2026-01-15T12:00:00Z'], ['start_time='], ['end_time=1.5']])(
    'reject %s with 400, because times must be Unix seconds',
    async (query) => {
      const { get } = await serveSandbox();
      for (const path of [OVERALL, DAYWISE]) {
        const { status, body } = await get(`${path}?${query}`);
        expect(status).toBe(400);
        expect(getAt(body, 'error', 'message')).toContain(query.split('=')[0]);
      }
    },
  );

  test('have the format of the setting responseFormats', async () => {
    const strings = await serveSandbox({ responseFormats: { numbers: 'string', envelope: 'result' } });
    expect(getAt((await strings.get(OVERALL)).body, 'result')).toMatchObject({ total_viewer_seconds: aString });
    expect(getAt((await strings.get(DAYWISE)).body, 'result', 0)).toMatchObject({ total_ingest_seconds: aString });
    const bare = await serveSandbox({ responseFormats: { optionalFields: 'missing' } });
    expect(getAt((await bare.get(OVERALL)).body, 'data')).toEqual({});
    expect(getAt((await bare.get(DAYWISE)).body, 'data', 0)).toEqual({});
  });
});
