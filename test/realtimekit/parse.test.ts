import { describe, expect, test } from 'vitest';
import { type Envelope, unwrapResponse } from '../../src/realtimekit/envelope.ts';
import { getProperty } from '../../src/realtimekit/json.ts';
import {
  parseObject,
  parseList,
  parseLivestream,
  parseMeeting,
  parseSession,
  parseSessionList,
  parseStartedLivestream,
} from '../../src/realtimekit/parse.ts';

/** The envelope of a response with this JSON body. */
const unwrap = (body: unknown): Envelope | null =>
  unwrapResponse({ status: 200, headers: {}, body: JSON.stringify(body) }, { secrets: [] });
const envelopeOf = (data: unknown): Envelope => ({ data, paging: null });

describe('the examples in the documentation', () => {
  const livestream = {
    id: 'id',
    created_at: '2019-12-27T18:11:19.117Z',
    disabled: 'disabled',
    ingest_server: 'ingest_server',
    meeting_id: 'meeting_id',
    name: 'name',
    playback_url: 'playback_url',
    status: 'LIVE',
    stream_key: 'stream_key',
    updated_at: '2019-12-27T18:11:19.117Z',
  };
  const parsedLivestream = {
    id: 'id',
    name: 'name',
    status: 'LIVE',
    disabled: true,
    ingestServer: 'ingest_server',
    streamKey: 'stream_key',
    // The example's value is not a URL.
    playbackUrl: null,
    createdAt: new Date('2019-12-27T18:11:19.117Z'),
    updatedAt: new Date('2019-12-27T18:11:19.117Z'),
    meetingId: 'meeting_id',
  };

  test("are parsed: a meeting's active livestream", () => {
    expect(parseLivestream(parseObject(unwrap({ data: livestream, success: true })))).toEqual(parsedLivestream);
  });

  test('are parsed: an active session with its livestream', () => {
    const session = {
      id: 'id',
      created_at: '2019-12-27T18:11:19.117Z',
      err_message: 'err_message',
      ingest_seconds: 'ingest_seconds',
      invoked_time: '2019-12-27T18:11:19.117Z',
      livestream_id: 'livestream_id',
      started_time: '2019-12-27T18:11:19.117Z',
      stopped_time: '2019-12-27T18:11:19.117Z',
      updated_at: '2019-12-27T18:11:19.117Z',
      viewer_seconds: 'viewer_seconds',
    };
    const data = parseObject(unwrap({ data: { livestream, session }, success: true }));
    const date = new Date('2019-12-27T18:11:19.117Z');
    expect(parseLivestream(getProperty(data, 'livestream'))).toEqual(parsedLivestream);
    expect(parseSession(getProperty(data, 'session'))).toEqual({
      id: 'id',
      livestreamId: 'livestream_id',
      errorMessage: 'err_message',
      ingestSeconds: null,
      viewerSeconds: null,
      invokedAt: date,
      startedAt: date,
      stoppedAt: date,
      createdAt: date,
      updatedAt: date,
    });
  });

  const playback =
    'https://customer-s8oj0c1n5ek8ah1e.cloudflarestream.com/7de6a3fec0f9c05bf1df140950d3a237/manifest/video.m3u8';
  const streamKey = 'f26566285faca6fbe2e79a73a66rsrrsrrsr3cde23a2bb7dbc6c2c1761b98f4e4';

  test('are parsed: a started livestream', () => {
    const started = unwrap({
      data: {
        id: '7088bba8-f522-49a8-b59b-3cd0e946bbb0',
        ingest_server: 'rtmps://live.cloudflare.com:443/live/',
        playback_url: playback,
        status: 'INVOKED',
        stream_key: streamKey,
      },
      success: true,
    });
    expect(parseStartedLivestream(parseObject(started), 'a-meeting')).toEqual({
      id: '7088bba8-f522-49a8-b59b-3cd0e946bbb0',
      meetingId: 'a-meeting',
      status: 'INVOKED',
      ingestServer: 'rtmps://live.cloudflare.com:443/live/',
      playbackUrl: playback,
      streamKey,
    });
  });

  test('are parsed: a list of livestreams as one object with paging inside', () => {
    const list = unwrap({
      data: {
        id: '3fd739f4-3c41-456e-bfba-6ebd51e16d2d',
        created_at: '2023-07-15T11:48:34.753Z',
        disabled: 'disabled',
        ingest_server: 'rtmps://live.cloudflare.com:443/live/',
        meeting_id: 'meeting_id',
        name: 'test',
        paging: { end_offset: 1, start_offset: 1, total_count: 1 },
        playback_url: playback,
        status: 'LIVE',
        stream_key: streamKey,
        updated_at: '2023-07-15T11:48:34.753Z',
      },
      success: true,
    });
    const { rows, ...paging } = parseList(list, 'livestreams');
    expect(paging).toEqual({ isArray: false, startOffset: 1, totalCount: 1 });
    expect(rows.map((row) => parseLivestream(row))).toEqual([
      {
        id: '3fd739f4-3c41-456e-bfba-6ebd51e16d2d',
        name: 'test',
        status: 'LIVE',
        disabled: true,
        ingestServer: 'rtmps://live.cloudflare.com:443/live/',
        streamKey,
        playbackUrl: playback,
        createdAt: new Date('2023-07-15T11:48:34.753Z'),
        updatedAt: new Date('2023-07-15T11:48:34.753Z'),
        meetingId: 'meeting_id',
      },
    ]);
  });

  test('are parsed: a session whose times are not timestamps', () => {
    const session = unwrap({
      data: {
        id: 'id',
        created_at: '2019-12-27T18:11:19.117Z',
        err_message: 'err_message',
        ingest_seconds: 0,
        livestream_id: 'livestream_id',
        started_time: 'started_time',
        stopped_time: 'stopped_time',
        updated_at: 'updated_at',
        viewer_seconds: 0,
      },
      success: true,
    });
    expect(parseSession(parseObject(session))).toEqual({
      id: 'id',
      livestreamId: 'livestream_id',
      errorMessage: 'err_message',
      ingestSeconds: 0,
      viewerSeconds: 0,
      invokedAt: null,
      startedAt: null,
      stoppedAt: null,
      createdAt: new Date('2019-12-27T18:11:19.117Z'),
      updatedAt: null,
    });
  });
});

describe('parseLivestream', () => {
  const field = (name: string, value: unknown) => parseLivestream({ id: 'a', [name]: value });

  test('returns nulls and the status UNKNOWN for an object with an id only', () => {
    const nulls = { name: null, disabled: null, ingestServer: null, streamKey: null, playbackUrl: null };
    const unknown = { id: 'a', ...nulls, createdAt: null, updatedAt: null, meetingId: null, status: 'UNKNOWN' };
    expect(parseLivestream({ id: 'a' })).toEqual(unknown);
    expect(parseLivestream({ id: 'a' }, 'm')).toEqual({ ...unknown, meetingId: 'm' });
    expect(parseLivestream({ id: 'a', meeting_id: 'n' }, 'm')).toEqual({ ...unknown, meetingId: 'n' });
  });

  test.each([null, undefined, {}, [], 'a', 1, { id: null }, { id: '' }, { id: {} }, { id: true }, { name: 'b' }])(
    'returns null for %j, as do the other parsers of objects',
    (value) => {
      expect([
        parseLivestream(value),
        parseSession(value),
        parseMeeting(value),
        parseStartedLivestream(value, 'm'),
      ]).toEqual(Array(4).fill(null));
    },
  );

  test.each([
    ...['LIVE', 'IDLE', 'ERRORED', 'INVOKED', 'OFFLINE'].map((status) => [status, status]),
    ...['ARCHIVED', 'live', '', null, 7, {}].map((status) => [status, 'UNKNOWN']),
  ])('parses the status %j as %s', (status, parsed) => {
    expect(field('status', status)).toMatchObject({ status: parsed });
  });

  test.each([
    ['disabled', true],
    ['Disabled ', true],
    ['true', true],
    [true, true],
    ['enabled', false],
    ['false', false],
    [false, false],
    ['', null],
    ['maybe', null],
    [0, null],
    [null, null],
  ])('parses disabled %j as %j', (disabled, parsed) => {
    expect(field('disabled', disabled)).toMatchObject({ disabled: parsed });
  });

  test.each([
    ['2026-01-15T12:00:00.250Z', '2026-01-15T12:00:00.250Z'],
    ['2026-01-15T12:00:00Z', '2026-01-15T12:00:00.000Z'],
    ['2026-01-15T13:00:00+01:00', '2026-01-15T12:00:00.000Z'],
    ['2026-01-15T12:00:00', '2026-01-15T12:00:00.000Z'],
    ['2026-01-15 12:00:00', '2026-01-15T12:00:00.000Z'],
    ['2026-01-15T12:00:00.123456Z', '2026-01-15T12:00:00.123Z'],
    ['2026-01-15', '2026-01-15T00:00:00.000Z'],
  ])('parses the timestamp %s as %s', (text, iso) => {
    expect(field('created_at', text)?.createdAt?.toISOString()).toBe(iso);
  });

  test.each(['', 'soon', '15 January 2026', '2026-13-45T00:00:00Z', 1_768_478_400, null, {}, '2026'])(
    'parses the timestamp %j as null',
    (text) => {
      expect(field('created_at', text)).toMatchObject({ createdAt: null });
    },
  );

  test.each([
    ['https://a.example/v.m3u8', 'https://a.example/v.m3u8'],
    ['HTTP://a.example/', 'HTTP://a.example/'],
    ['', null],
    ['a.example/v', null],
    ['javascript:alert(1)', null],
    ['https://', null],
    [{}, null],
  ])('parses the playback URL %j as %j', (url, parsed) => {
    expect(field('playback_url', url)).toMatchObject({ playbackUrl: parsed });
  });

  test('parses a name that is not a string, or empty, as null', () => {
    for (const name of ['', null, 3, true, [], {}]) expect(field('name', name)).toMatchObject({ name: null });
  });

  test('parses ids that are numbers as strings', () => {
    expect(parseLivestream({ id: 12, meeting_id: 34 })).toMatchObject({ id: '12', meetingId: '34' });
  });
});

test('parseStartedLivestream leaves out missing fields instead of returning nulls', () => {
  expect(parseStartedLivestream({ id: 'a', status: 'LATER', playback_url: '', stream_key: null }, 'm')).toEqual({
    id: 'a',
    meetingId: 'm',
  });
});

describe('parseSession', () => {
  test.each([
    [12.5, 12.5],
    ['12.5', 12.5],
    [' 7 ', 7],
    ['0', 0],
    [2 ** 33, 2 ** 33],
    [String(2 ** 33), 2 ** 33],
    ['1e3', 1000],
    ['', null],
    ['12 s', null],
    ['0x10', null],
    ['Infinity', null],
    ['1e999', null],
    [true, null],
    [[1], null],
    [null, null],
  ])('parses %j seconds as %j', (sent, parsed) => {
    expect(parseSession({ id: 'a', ingest_seconds: sent, viewer_seconds: sent })).toMatchObject({
      ingestSeconds: parsed,
      viewerSeconds: parsed,
    });
  });

  test('uses the id of the requested livestream if the response has none', () => {
    expect(parseSession({ id: 'a' }, 'l')).toMatchObject({ livestreamId: 'l' });
    expect(parseSession({ id: 'a', livestream_id: 'k' }, 'l')).toMatchObject({ livestreamId: 'k' });
  });
});

test.each([
  ['ACTIVE', 'ACTIVE'],
  ['INACTIVE', 'INACTIVE'],
  ['PAUSED', 'UNKNOWN'],
  [undefined, 'UNKNOWN'],
])('parseMeeting parses the status %j as %s', (status, parsed) => {
  expect(
    parseMeeting({ id: 'm', title: 'Standup', status, created_at: '2026-01-15T12:00:00Z', updated_at: '' }),
  ).toEqual({
    id: 'm',
    title: 'Standup',
    status: parsed,
    createdAt: new Date('2026-01-15T12:00:00Z'),
    updatedAt: null,
  });
});

describe('parseList', () => {
  const paging = { start_offset: 3, end_offset: 4, total_count: 9 };
  const rows = [{ id: 'a' }, { id: 'b' }];
  const parsed = { rows, isArray: true, startOffset: 3, totalCount: 9 };
  const noPaging = { startOffset: null, totalCount: null };

  test.each([
    ['an array with paging beside it', { data: rows, paging }, parsed],
    ['an array under result', { success: true, result: rows, paging }, parsed],
    ['an array in an object, with paging', { data: { livestreams: rows, sessions: [], paging } }, parsed],
    [
      'one object with paging inside',
      { data: { id: 'a', paging } },
      { ...parsed, isArray: false, rows: [{ id: 'a', paging }] },
    ],
    ['an array without paging', { data: rows }, { rows, isArray: true, ...noPaging }],
    [
      'an empty array',
      { data: [], paging: { total_count: 0 } },
      { rows: [], isArray: true, ...noPaging, totalCount: 0 },
    ],
    ['null', { data: null }, { rows: [], isArray: false, ...noPaging }],
    ['an empty object', { data: {} }, { rows: [], isArray: false, ...noPaging }],
    ['paging with strings', { data: rows, paging: { start_offset: '3', total_count: '9' } }, parsed],
    ['invalid paging', { data: rows, paging: [7] }, { rows, isArray: true, ...noPaging }],
  ])('parses %s', (_format, body, list) => {
    expect(parseList(unwrap(body), 'livestreams')).toEqual(list);
  });

  test('returns an empty list for a response with status 404', () => {
    expect(parseList(null, 'meetings')).toEqual({ rows: [], isArray: false, ...noPaging });
  });

  test('reads the rows only from the key with the given name', () => {
    expect(parseList(unwrap({ data: { meetings: rows } }), 'meetings').rows).toEqual(rows);
    expect(parseList(unwrap({ data: { meetings: rows } }), 'livestreams').rows).toEqual([]);
  });

  test.each(['text', 7, true])('rejects the data %j, as does parseObject', (data) => {
    const invalid: unknown = expect.objectContaining({ code: 'UPSTREAM_INVALID_RESPONSE', outcome: 'unknown' });
    expect(() => parseList(envelopeOf(data), 'livestreams')).toThrow(invalid);
    expect(() => parseObject(envelopeOf(data))).toThrow(invalid);
  });

  test('parseObject rejects an array', () => {
    expect(() => parseObject(envelopeOf([]))).toThrow(expect.objectContaining({ code: 'UPSTREAM_INVALID_RESPONSE' }));
  });
});

describe('parseSessionList', () => {
  const livestream = { id: 'l' };
  const paging = { start_offset: 1, end_offset: 2, total_count: '2' };
  const rows = [{ id: 'a' }, { id: 'b' }];
  const parsed = { rows, isArray: true, startOffset: 1, totalCount: 2 };
  const single = { ...parsed, rows: [{ id: 'a' }], isArray: false };
  const noPaging = { startOffset: null, totalCount: null };

  test.each([
    ['one object with paging', { data: { livestream, session: rows[0], paging } }, single],
    ['one object with the other name', { data: { livestream, sessions: rows[0], paging } }, single],
    ['an array', { data: { livestream, session: rows, paging } }, parsed],
    ['an array with the other name', { data: { livestream, sessions: rows, paging } }, parsed],
    [
      'an array, with the newest session beside it',
      { data: { livestream, session: rows[0], sessions: rows, paging } },
      parsed,
    ],
    ['an array in a flat livestream', { data: { ...livestream, sessions: rows, paging } }, parsed],
    ['an array, with paging beside the data', { data: { livestream, session: rows }, paging }, parsed],
    ['an array without paging', { data: { livestream, session: rows } }, { ...parsed, ...noPaging }],
    ['null', { data: { livestream, session: null } }, { rows: [], isArray: false, ...noPaging }],
    ['an empty object', { data: { livestream, session: {} } }, { rows: [], isArray: false, ...noPaging }],
    [
      'a total count only',
      { data: { ...livestream, paging: { total_count: 0 } } },
      { ...noPaging, ...single, rows: [], startOffset: null, totalCount: 0 },
    ],
    ['null for a livestream that does not exist', { data: null }, { rows: [], isArray: false, ...noPaging }],
    ['an empty object for a livestream that does not exist', { data: {} }, { rows: [], isArray: false, ...noPaging }],
  ])('parses %s', (_format, body, list) => {
    expect(parseSessionList(unwrap(body))).toEqual(list);
  });

  test.each([{ livestream }, { ...livestream, ingest_seconds: 5 }, { livestream, paging: { start_offset: 1 } }])(
    'returns null for %j, which does not mention sessions',
    (data) => {
      expect(parseSessionList(unwrap({ data }))).toBeNull();
    },
  );

  test('returns an empty list for a response with status 404', () => {
    expect(parseSessionList(null)).toEqual({ rows: [], isArray: false, ...noPaging });
  });

  test('rejects an array of sessions without a livestream', () => {
    const invalid: unknown = expect.objectContaining({ code: 'UPSTREAM_INVALID_RESPONSE' });
    expect(() => parseSessionList(envelopeOf(rows))).toThrow(invalid);
  });
});
