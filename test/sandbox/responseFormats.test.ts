import { describe, expect, test } from 'vitest';
import type { ResponseFormats } from '../../src/sandbox/settings.ts';
import { aString, getAt, assertArray, serveSandbox } from './serveSandbox.ts';

const serveWithFormats = (responseFormats: Partial<ResponseFormats>) => serveSandbox({ responseFormats });

describe('the setting responseFormats', () => {
  test('list: object returns one row in a page, with paging inside', async () => {
    const { get } = await serveWithFormats({ list: 'object' });
    const { body } = await get('/livestreams?page_no=2&per_page=50');
    expect(getAt(body, 'data')).toMatchObject({
      id: aString,
      paging: { start_offset: 2, end_offset: 2, total_count: 320 },
    });
    expect(getAt(body, 'paging')).toBeUndefined();
  });

  test('list: nested returns rows and paging inside data', async () => {
    const { get } = await serveWithFormats({ list: 'nested' });
    const livestreams = await get('/livestreams?per_page=2');
    const meetings = await get('/meetings?per_page=2');
    expect(getAt(livestreams.body, 'data', 'paging', 'total_count')).toBe(320);
    expect(assertArray(getAt(livestreams.body, 'data', 'livestreams'))).toHaveLength(2);
    expect(assertArray(getAt(meetings.body, 'data', 'meetings'))).toHaveLength(2);
  });

  test('envelope: result returns the content in result', async () => {
    const { get, exampleIds } = await serveWithFormats({ envelope: 'result' });
    const { body } = await get(`/livestreams/${exampleIds.liveLivestreamId}`);
    expect(getAt(body, 'result', 'livestream', 'id')).toBe(exampleIds.liveLivestreamId);
    expect(getAt(body, 'data')).toBeUndefined();
  });

  test('errors: errors returns errors in the format of the general API layer', async () => {
    const { get } = await serveWithFormats({ errors: 'errors' });
    const { body } = await get('/livestreams/none');
    expect(body).toMatchObject({ success: false, errors: [{ code: 404, message: aString }], result: null });
  });

  test.each([
    ['null', null],
    ['empty', {}],
  ] as const)('notFound: %s returns status 200 without content', async (notFound, data) => {
    const { get, exampleIds } = await serveWithFormats({ notFound });
    const { status, body } = await get(`/meetings/${exampleIds.idleMeetingId}/active-livestream`);
    expect(status).toBe(200);
    expect(body).toEqual({ success: true, data });
  });

  test.each([
    ['string', 'string'],
    ['number', 'number'],
  ] as const)('numbers: %s overrides the documented types', async (numbers, type) => {
    const { get, exampleIds } = await serveWithFormats({ numbers });
    const byId = await get(`/livestreams/sessions/${exampleIds.liveSessionId}`);
    const active = await get(`/livestreams/${exampleIds.liveLivestreamId}/active-livestream-session`);
    expect(typeof getAt(byId.body, 'data', 'viewer_seconds')).toBe(type);
    expect(typeof getAt(active.body, 'data', 'session', 'viewer_seconds')).toBe(type);
  });

  test.each([
    ['word', 'disabled'],
    ['boolean', true],
    ['true-false', 'true'],
  ] as const)('disabled: %s sets the type of disabled', async (disabled, expected) => {
    const { get, exampleIds } = await serveWithFormats({ disabled });
    const { body } = await get(`/livestreams/${exampleIds.disabledLivestreamId}`);
    expect(getAt(body, 'data', 'livestream', 'disabled')).toBe(expected);
  });

  test.each([
    ['empty', ''],
    ['null', null],
    ['missing', undefined],
  ] as const)('timestamps: %s replaces all timestamps', async (timestamps, expected) => {
    const { get, exampleIds } = await serveWithFormats({ timestamps });
    const { body } = await get(`/livestreams/sessions/${exampleIds.endedSessionId}`);
    for (const key of ['created_at', 'updated_at', 'started_time', 'stopped_time']) {
      expect(getAt(body, 'data', key)).toBe(expected);
    }
  });

  test('updatedAt: now sets updated_at to the time of the response', async () => {
    const { get, exampleIds, clock } = await serveWithFormats({ updatedAt: 'now' });
    clock.advance(1234);
    const now = new Date(clock.now()).toISOString();
    const meeting = await get(`/meetings/${exampleIds.idleMeetingId}`);
    const livestreams = await get('/livestreams?per_page=2');
    const active = await get(`/livestreams/${exampleIds.liveLivestreamId}/active-livestream-session`);
    const ended = await get(`/livestreams/sessions/${exampleIds.endedSessionId}`);
    expect(getAt(meeting.body, 'data', 'updated_at')).toBe(now);
    expect(getAt(livestreams.body, 'data', 1, 'updated_at')).toBe(now);
    expect(getAt(active.body, 'data', 'livestream', 'updated_at')).toBe(now);
    expect(getAt(active.body, 'data', 'session', 'updated_at')).toBe(now);
    expect(getAt(ended.body, 'data', 'updated_at')).toBe(now);
    expect(getAt(ended.body, 'data', 'stopped_time')).not.toBe(now);
  });

  test('livestreamById: flat returns the meters with the fields of the livestream', async () => {
    const { get, exampleIds } = await serveWithFormats({ livestreamById: 'flat' });
    const { body } = await get(`/livestreams/${exampleIds.liveLivestreamId}`);
    expect(getAt(body, 'data', 'id')).toBe(exampleIds.liveLivestreamId);
    expect(getAt(body, 'data', 'ingest_seconds')).toBeGreaterThan(0);
  });

  test('firstPage: 0 numbers pages from 0', async () => {
    const { get } = await serveWithFormats({ firstPage: 0 });
    const offsets = async (query: string) => getAt((await get(`/livestreams?${query}`)).body, 'paging', 'start_offset');
    expect(await offsets('page_no=0')).toBe(1);
    expect(await offsets('page_no=1')).toBe(21);
    expect(await offsets('per_page=20')).toBe(1);
  });

  test('maxPerPage limits the page size, also for the numbering of pages', async () => {
    const { get } = await serveWithFormats({ maxPerPage: 7 });
    const { body } = await get('/livestreams?per_page=50&page_no=2');
    expect(getAt(body, 'paging')).toEqual({ start_offset: 8, end_offset: 14, total_count: 320 });
  });

  test('paging: missing leaves out paging in all lists', async () => {
    const { get, exampleIds } = await serveWithFormats({ paging: 'missing' });
    expect(getAt((await get('/livestreams')).body, 'paging')).toBeUndefined();
    expect(getAt((await get(`/livestreams/${exampleIds.liveLivestreamId}`)).body, 'data', 'paging')).toBeUndefined();
    expect(
      getAt((await get(`/meetings/${exampleIds.idleMeetingId}/livestream`)).body, 'data', 'paging'),
    ).toBeUndefined();
  });

  test('status: unknown returns a status that is not documented', async () => {
    const { get, exampleIds } = await serveWithFormats({ status: 'unknown' });
    const { body } = await get(`/meetings/${exampleIds.liveMeetingId}/active-livestream`);
    expect(getAt(body, 'data', 'status')).toBe('ARCHIVED');
  });

  test('optionalFields: missing returns only ids', async () => {
    const { get, post, exampleIds } = await serveWithFormats({ optionalFields: 'missing' });
    const active = await get(`/livestreams/${exampleIds.liveLivestreamId}/active-livestream-session`);
    expect(getAt(active.body, 'data')).toEqual({
      livestream: { id: exampleIds.liveLivestreamId },
      session: { id: exampleIds.liveSessionId },
    });
    const started = await post(`/meetings/${exampleIds.emptyMeetingId}/livestreams`);
    expect(getAt(started.body, 'data')).toEqual({ id: aString });
  });
});
