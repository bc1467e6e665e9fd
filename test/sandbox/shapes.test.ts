import { describe, expect, test } from 'vitest';
import type { ResponseFormats } from '../../src/sandbox/settings.ts';
import { aString, at, rows, serve } from './support.ts';

const withShapes = (responseFormats: Partial<ResponseFormats>) => serve({ responseFormats });

describe('the responseFormats', () => {
  test('list: object gives one row a page, with its paging inside', async () => {
    const { get } = await withShapes({ list: 'object' });
    const { body } = await get('/livestreams?page_no=2&per_page=50');
    expect(at(body, 'data')).toMatchObject({
      id: aString,
      paging: { start_offset: 2, end_offset: 2, total_count: 320 },
    });
    expect(at(body, 'paging')).toBeUndefined();
  });

  test('list: nested puts rows and paging into data', async () => {
    const { get } = await withShapes({ list: 'nested' });
    const livestreams = await get('/livestreams?per_page=2');
    const meetings = await get('/meetings?per_page=2');
    expect(at(livestreams.body, 'data', 'paging', 'total_count')).toBe(320);
    expect(rows(at(livestreams.body, 'data', 'livestreams'))).toHaveLength(2);
    expect(rows(at(meetings.body, 'data', 'meetings'))).toHaveLength(2);
  });

  test('envelope: result moves the content', async () => {
    const { get, exampleIds } = await withShapes({ envelope: 'result' });
    const { body } = await get(`/livestreams/${exampleIds.liveLivestreamId}`);
    expect(at(body, 'result', 'livestream', 'id')).toBe(exampleIds.liveLivestreamId);
    expect(at(body, 'data')).toBeUndefined();
  });

  test("errors: errors writes the general layer's form", async () => {
    const { get } = await withShapes({ errors: 'errors' });
    const { body } = await get('/livestreams/none');
    expect(body).toMatchObject({ success: false, errors: [{ code: 404, message: aString }], result: null });
  });

  test.each([
    ['null', null],
    ['empty', {}],
  ] as const)('nothing: %s is a success without content', async (notFound, data) => {
    const { get, exampleIds } = await withShapes({ notFound });
    const { status, body } = await get(`/meetings/${exampleIds.idleMeetingId}/active-livestream`);
    expect(status).toBe(200);
    expect(body).toEqual({ success: true, data });
  });

  test.each([
    ['string', 'string'],
    ['number', 'number'],
  ] as const)('numbers: %s overrules the pages', async (numbers, type) => {
    const { get, exampleIds } = await withShapes({ numbers });
    const byId = await get(`/livestreams/sessions/${exampleIds.liveSessionId}`);
    const active = await get(`/livestreams/${exampleIds.liveLivestreamId}/active-livestream-session`);
    expect(typeof at(byId.body, 'data', 'viewer_seconds')).toBe(type);
    expect(typeof at(active.body, 'data', 'session', 'viewer_seconds')).toBe(type);
  });

  test.each([
    ['word', 'disabled'],
    ['boolean', true],
    ['true-false', 'true'],
  ] as const)('disabled: %s', async (disabled, expected) => {
    const { get, exampleIds } = await withShapes({ disabled });
    const { body } = await get(`/livestreams/${exampleIds.disabledLivestreamId}`);
    expect(at(body, 'data', 'livestream', 'disabled')).toBe(expected);
  });

  test.each([
    ['empty', ''],
    ['null', null],
    ['missing', undefined],
  ] as const)('timestamps: %s', async (timestamps, expected) => {
    const { get, exampleIds } = await withShapes({ timestamps });
    const { body } = await get(`/livestreams/sessions/${exampleIds.endedSessionId}`);
    for (const key of ['created_at', 'updated_at', 'started_time', 'stopped_time']) {
      expect(at(body, 'data', key)).toBe(expected);
    }
  });

  test('updatedAt: now makes every answer as old as it is kept', async () => {
    const { get, exampleIds, clock } = await withShapes({ updatedAt: 'now' });
    clock.advance(1234);
    const now = new Date(clock.now()).toISOString();
    const meeting = await get(`/meetings/${exampleIds.idleMeetingId}`);
    const livestreams = await get('/livestreams?per_page=2');
    const active = await get(`/livestreams/${exampleIds.liveLivestreamId}/active-livestream-session`);
    const ended = await get(`/livestreams/sessions/${exampleIds.endedSessionId}`);
    expect(at(meeting.body, 'data', 'updated_at')).toBe(now);
    expect(at(livestreams.body, 'data', 1, 'updated_at')).toBe(now);
    expect(at(active.body, 'data', 'livestream', 'updated_at')).toBe(now);
    expect(at(active.body, 'data', 'session', 'updated_at')).toBe(now);
    expect(at(ended.body, 'data', 'updated_at')).toBe(now);
    expect(at(ended.body, 'data', 'stopped_time')).not.toBe(now);
  });

  test('livestreamById: flat puts the meters beside the fields', async () => {
    const { get, exampleIds } = await withShapes({ livestreamById: 'flat' });
    const { body } = await get(`/livestreams/${exampleIds.liveLivestreamId}`);
    expect(at(body, 'data', 'id')).toBe(exampleIds.liveLivestreamId);
    expect(at(body, 'data', 'ingest_seconds')).toBeGreaterThan(0);
  });

  test('firstPage: 0 counts pages from zero', async () => {
    const { get } = await withShapes({ firstPage: 0 });
    const offsets = async (query: string) => at((await get(`/livestreams?${query}`)).body, 'paging', 'start_offset');
    expect(await offsets('page_no=0')).toBe(1);
    expect(await offsets('page_no=1')).toBe(21);
    expect(await offsets('per_page=20')).toBe(1);
  });

  test('maxPerPage caps a page and numbers pages in the capped size', async () => {
    const { get } = await withShapes({ maxPerPage: 7 });
    const { body } = await get('/livestreams?per_page=50&page_no=2');
    expect(at(body, 'paging')).toEqual({ start_offset: 8, end_offset: 14, total_count: 320 });
  });

  test('paging: missing leaves it out everywhere', async () => {
    const { get, exampleIds } = await withShapes({ paging: 'missing' });
    expect(at((await get('/livestreams')).body, 'paging')).toBeUndefined();
    expect(at((await get(`/livestreams/${exampleIds.liveLivestreamId}`)).body, 'data', 'paging')).toBeUndefined();
    expect(at((await get(`/meetings/${exampleIds.idleMeetingId}/livestream`)).body, 'data', 'paging')).toBeUndefined();
  });

  test('status: unknown gives a word that no page lists', async () => {
    const { get, exampleIds } = await withShapes({ status: 'unknown' });
    const { body } = await get(`/meetings/${exampleIds.liveMeetingId}/active-livestream`);
    expect(at(body, 'data', 'status')).toBe('ARCHIVED');
  });

  test('optionalFields: missing leaves only ids', async () => {
    const { get, post, exampleIds } = await withShapes({ optionalFields: 'missing' });
    const active = await get(`/livestreams/${exampleIds.liveLivestreamId}/active-livestream-session`);
    expect(at(active.body, 'data')).toEqual({
      livestream: { id: exampleIds.liveLivestreamId },
      session: { id: exampleIds.liveSessionId },
    });
    const started = await post(`/meetings/${exampleIds.emptyMeetingId}/livestreams`);
    expect(at(started.body, 'data')).toEqual({ id: aString });
  });
});
