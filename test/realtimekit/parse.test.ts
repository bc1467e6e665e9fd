import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../src/domain/errors.ts';
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
import { parseAnalytics, parseDays } from '../../src/realtimekit/parseAnalytics.ts';
import { runs } from '../support/runs.ts';

/** An answer's way from its text. */
const answer = (body: unknown): Envelope | null =>
  unwrapResponse({ status: 200, headers: {}, body: JSON.stringify(body) }, []);
const holding = (data: unknown): Envelope => ({ data, paging: null });

describe('the published examples', () => {
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
  const readLivestream = {
    id: 'id',
    name: 'name',
    status: 'LIVE',
    disabled: true,
    ingestServer: 'ingest_server',
    streamKey: 'stream_key',
    // The example's is no web address.
    playbackUrl: null,
    createdAt: new Date('2019-12-27T18:11:19.117Z'),
    updatedAt: new Date('2019-12-27T18:11:19.117Z'),
    meetingId: 'meeting_id',
  };

  test("a meeting's active livestream", () => {
    expect(parseLivestream(parseObject(answer({ data: livestream, success: true })))).toEqual(readLivestream);
  });

  test('an active session, with its livestream beside it', () => {
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
    const data = parseObject(answer({ data: { livestream, session }, success: true }));
    const moment = new Date('2019-12-27T18:11:19.117Z');
    expect(parseLivestream(getProperty(data, 'livestream'))).toEqual(readLivestream);
    expect(parseSession(getProperty(data, 'session'))).toEqual({
      id: 'id',
      livestreamId: 'livestream_id',
      errorMessage: 'err_message',
      ingestSeconds: null,
      viewerSeconds: null,
      invokedAt: moment,
      startedAt: moment,
      stoppedAt: moment,
      createdAt: moment,
      updatedAt: moment,
    });
  });

  const playback =
    'https://customer-s8oj0c1n5ek8ah1e.cloudflarestream.com/7de6a3fec0f9c05bf1df140950d3a237/manifest/video.m3u8';
  const streamKey = 'f26566285faca6fbe2e79a73a66rsrrsrrsr3cde23a2bb7dbc6c2c1761b98f4e4';

  test('a start', () => {
    const started = answer({
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

  test('all livestreams: one object, with the paging in it', () => {
    const list = answer({
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

  test('a session, its times mere words', () => {
    const session = answer({
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

describe('a livestream', () => {
  const field = (name: string, value: unknown) => parseLivestream({ id: 'a', [name]: value });

  test('of which only the id is told has nulls, and no status that was made up', () => {
    const nulls = { name: null, disabled: null, ingestServer: null, streamKey: null, playbackUrl: null };
    const unknown = { id: 'a', ...nulls, createdAt: null, updatedAt: null, meetingId: null, status: 'UNKNOWN' };
    expect(parseLivestream({ id: 'a' })).toEqual(unknown);
    expect(parseLivestream({ id: 'a' }, 'm')).toEqual({ ...unknown, meetingId: 'm' });
    expect(parseLivestream({ id: 'a', meeting_id: 'n' }, 'm')).toEqual({ ...unknown, meetingId: 'n' });
  });

  test.each([null, undefined, {}, [], 'a', 1, { id: null }, { id: '' }, { id: {} }, { id: true }, { name: 'b' }])(
    '%j is none',
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
  ])('status %j is %s', (status, read) => {
    expect(field('status', status)).toMatchObject({ status: read });
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
  ])('disabled %j is %j', (disabled, read) => {
    expect(field('disabled', disabled)).toMatchObject({ disabled: read });
  });

  test.each([
    ['2026-01-15T12:00:00.250Z', '2026-01-15T12:00:00.250Z'],
    ['2026-01-15T12:00:00Z', '2026-01-15T12:00:00.000Z'],
    ['2026-01-15T13:00:00+01:00', '2026-01-15T12:00:00.000Z'],
    ['2026-01-15T12:00:00', '2026-01-15T12:00:00.000Z'],
    ['2026-01-15 12:00:00', '2026-01-15T12:00:00.000Z'],
    ['2026-01-15T12:00:00.123456Z', '2026-01-15T12:00:00.123Z'],
    ['2026-01-15', '2026-01-15T00:00:00.000Z'],
  ])('the moment %s is %s', (text, iso) => {
    expect(field('created_at', text)?.createdAt?.toISOString()).toBe(iso);
  });

  test.each(['', 'soon', '15 January 2026', '2026-13-45T00:00:00Z', 1_768_478_400, null, {}, '2026'])(
    'the moment %j is not told',
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
  ])('the playback address %j is %j', (address, read) => {
    expect(field('playback_url', address)).toMatchObject({ playbackUrl: read });
  });

  test('has a text or none', () => {
    for (const odd of ['', null, 3, true, [], {}]) expect(field('name', odd)).toMatchObject({ name: null });
  });

  test('has its id as text, even where it was sent as a number', () => {
    expect(parseLivestream({ id: 12, meeting_id: 34 })).toMatchObject({ id: '12', meetingId: '34' });
  });
});

test('what a start leaves out is not known, rather than null', () => {
  expect(parseStartedLivestream({ id: 'a', status: 'LATER', playback_url: '', stream_key: null }, 'm')).toEqual({
    id: 'a',
    meetingId: 'm',
  });
});

describe('a session', () => {
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
  ])('of %j seconds has %j', (sent, read) => {
    expect(parseSession({ id: 'a', ingest_seconds: sent, viewer_seconds: sent })).toMatchObject({
      ingestSeconds: read,
      viewerSeconds: read,
    });
  });

  test('knows its livestream from where it was asked for, if it does not tell', () => {
    expect(parseSession({ id: 'a' }, 'l')).toMatchObject({ livestreamId: 'l' });
    expect(parseSession({ id: 'a', livestream_id: 'k' }, 'l')).toMatchObject({ livestreamId: 'k' });
  });
});

test.each([
  ['ACTIVE', 'ACTIVE'],
  ['INACTIVE', 'INACTIVE'],
  ['PAUSED', 'UNKNOWN'],
  [undefined, 'UNKNOWN'],
])('a meeting that is %j is %s', (status, read) => {
  expect(
    parseMeeting({ id: 'm', title: 'Standup', status, created_at: '2026-01-15T12:00:00Z', updated_at: '' }),
  ).toEqual({
    id: 'm',
    title: 'Standup',
    status: read,
    createdAt: new Date('2026-01-15T12:00:00Z'),
    updatedAt: null,
  });
});

describe('a list', () => {
  const paging = { start_offset: 3, end_offset: 4, total_count: 9 };
  const rows = [{ id: 'a' }, { id: 'b' }];
  const read = { rows, isArray: true, startOffset: 3, totalCount: 9 };
  const untold = { startOffset: null, totalCount: null };

  test.each([
    ['an array, with the paging beside', { data: rows, paging }, read],
    ['an array under result', { success: true, result: rows, paging }, read],
    ['an array in an object, with the paging', { data: { livestreams: rows, sessions: [], paging } }, read],
    [
      'one object, with the paging in it',
      { data: { id: 'a', paging } },
      { ...read, isArray: false, rows: [{ id: 'a', paging }] },
    ],
    ['an array without paging', { data: rows }, { rows, isArray: true, ...untold }],
    ['an empty array', { data: [], paging: { total_count: 0 } }, { rows: [], isArray: true, ...untold, totalCount: 0 }],
    ['null', { data: null }, { rows: [], isArray: false, ...untold }],
    ['an empty object', { data: {} }, { rows: [], isArray: false, ...untold }],
    ['paging as texts', { data: rows, paging: { start_offset: '3', total_count: '9' } }, read],
    ['odd paging', { data: rows, paging: [7] }, { rows, isArray: true, ...untold }],
  ])('is %s', (_what, body, list) => {
    expect(parseList(answer(body), 'livestreams')).toEqual(list);
  });

  test('of what was not found is empty', () => {
    expect(parseList(null, 'meetings')).toEqual({ rows: [], isArray: false, ...untold });
  });

  test('is of the name asked for', () => {
    expect(parseList(answer({ data: { meetings: rows } }), 'meetings').rows).toEqual(rows);
    expect(parseList(answer({ data: { meetings: rows } }), 'livestreams').rows).toEqual([]);
  });

  test.each(['text', 7, true])('of data %j cannot be read', (data) => {
    const invalid: unknown = expect.objectContaining({ code: 'UPSTREAM_INVALID_RESPONSE', outcome: 'unknown' });
    expect(() => parseList(holding(data), 'livestreams')).toThrow(invalid);
    expect(() => parseObject(holding(data))).toThrow(invalid);
  });

  test('is no single object', () => {
    expect(() => parseObject(holding([]))).toThrow(expect.objectContaining({ code: 'UPSTREAM_INVALID_RESPONSE' }));
  });
});

describe("a livestream's sessions", () => {
  const livestream = { id: 'l' };
  const paging = { start_offset: 1, end_offset: 2, total_count: '2' };
  const rows = [{ id: 'a' }, { id: 'b' }];
  const read = { rows, isArray: true, startOffset: 1, totalCount: 2 };
  const one = { ...read, rows: [{ id: 'a' }], isArray: false };
  const untold = { startOffset: null, totalCount: null };

  test.each([
    ['one object, with paging', { data: { livestream, session: rows[0], paging } }, one],
    ['one object of the other name', { data: { livestream, sessions: rows[0], paging } }, one],
    ['an array', { data: { livestream, session: rows, paging } }, read],
    ['an array of the other name', { data: { livestream, sessions: rows, paging } }, read],
    ['an array, with the newest beside it', { data: { livestream, session: rows[0], sessions: rows, paging } }, read],
    ['beside a flat livestream', { data: { ...livestream, sessions: rows, paging } }, read],
    ['with the paging beside the data', { data: { livestream, session: rows }, paging }, read],
    ['without paging', { data: { livestream, session: rows } }, { ...read, ...untold }],
    ['null', { data: { livestream, session: null } }, { rows: [], isArray: false, ...untold }],
    ['an empty object', { data: { livestream, session: {} } }, { rows: [], isArray: false, ...untold }],
    [
      'only counted',
      { data: { ...livestream, paging: { total_count: 0 } } },
      { ...untold, ...one, rows: [], startOffset: null, totalCount: 0 },
    ],
    ['of a livestream that is not there', { data: null }, { rows: [], isArray: false, ...untold }],
    ['of one that is not there either', { data: {} }, { rows: [], isArray: false, ...untold }],
  ])('are %s', (_what, body, list) => {
    expect(parseSessionList(answer(body))).toEqual(list);
  });

  test.each([{ livestream }, { ...livestream, ingest_seconds: 5 }, { livestream, paging: { start_offset: 1 } }])(
    'are not told by %j',
    (data) => {
      expect(parseSessionList(answer({ data }))).toBeNull();
    },
  );

  test('of a livestream that was not found are none', () => {
    expect(parseSessionList(null)).toEqual({ rows: [], isArray: false, ...untold });
  });

  test('are no list by itself', () => {
    const invalid: unknown = expect.objectContaining({ code: 'UPSTREAM_INVALID_RESPONSE' });
    expect(() => parseSessionList(holding(rows))).toThrow(invalid);
  });
});

describe('analytics', () => {
  test.each([
    [{ count: 3, total_ingest_seconds: 7.5, total_viewer_seconds: 2 ** 33 }, [3, 7.5, 2 ** 33]],
    [{ count: '3', total_ingest_seconds: '7.5', total_viewer_seconds: '8589934592' }, [3, 7.5, 2 ** 33]],
    [{ count: 3 }, [3, null, null]],
    [{ count: 0, total_viewer_seconds: null }, [0, 0, 0]],
    [{ count: 0, total_viewer_seconds: 4 }, [0, 0, 4]],
    [{ total_ingest_seconds: 0 }, [null, 0, null]],
    [{ count: 2.5 }, [null, null, null]],
    [{ count: -1 }, [null, null, null]],
    [{ count: 2 ** 31 }, [null, null, null]],
    [{ count: 2 ** 31 - 1 }, [2 ** 31 - 1, null, null]],
    [{}, [null, null, null]],
    [null, [0, 0, 0]],
  ])('of %j', (data, [count, ingestSeconds, viewerSeconds]) => {
    expect(parseAnalytics(answer({ data }))).toEqual({ count, ingestSeconds, viewerSeconds });
  });

  test.each([
    ['2026-03-14', '2026-03-14'],
    ['2024-02-29', '2024-02-29'],
    ['2026-03-14T00:00:00.000Z', '2026-03-14'],
    ['2026-03-14T00:00:00+05:30', '2026-03-14'],
    ['2026-03-14 00:00:00', '2026-03-14'],
  ])('of the day %s are those of %s', (sent, date) => {
    expect(parseDays(answer({ data: [{ date: sent, count: 1 }] }))).toMatchObject([{ date, count: 1 }]);
  });

  test.each(['', '14 March 2026', '2026-02-29', '2026-13-01', '2026-3-14', '2026-03-145', 20_260_314, null, {}])(
    'of the day %j cannot be read',
    (date) => {
      const invalid: unknown = expect.objectContaining({ code: 'UPSTREAM_INVALID_RESPONSE' });
      expect(() => parseDays(answer({ data: [{ date: '2026-03-13' }, { date, count: 1 }] }))).toThrow(invalid);
    },
  );

  test('of no day are an empty list, which nothing but a list or null says', () => {
    expect([parseDays(null), parseDays(answer({ data: null })), parseDays(answer({ data: [] }))]).toEqual([[], [], []]);
    const invalid: unknown = expect.objectContaining({ code: 'UPSTREAM_INVALID_RESPONSE' });
    for (const odd of [{}, 'none', 0]) expect(() => parseDays(answer({ data: odd }))).toThrow(invalid);
  });
});

describe('whatever JSON comes', () => {
  const odd = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('2026-01-15', '2026-02-31T99:99Z', '1e999', '-0', 'https://[', 'LIVE', 'true', ''),
  );
  const names =
    'id name title status disabled ingest_server stream_key playback_url created_at updated_at meeting_id livestream_id err_message ingest_seconds viewer_seconds invoked_time started_time stopped_time paging livestreams meetings livestream session sessions date count total_ingest_seconds total_viewer_seconds'.split(
      ' ',
    );
  const object = fc.oneof(
    fc.dictionary(fc.constantFrom(...names), odd),
    fc
      .tuple(fc.string(), fc.dictionary(fc.constantFrom(...names), odd))
      .map(([id, rest]) => Object.assign(rest, { id })),
  );
  const json = fc.oneof(odd, object, fc.array(object));

  const isText = (value: unknown) => value === null || (typeof value === 'string' && value !== '');
  const isMoment = (value: unknown) => value === null || (value instanceof Date && !Number.isNaN(value.getTime()));
  const isNumber = (value: unknown) => value === null || Number.isFinite(value);
  const isFlag = (value: unknown) => value === null || typeof value === 'boolean';
  const isAddress = (value: unknown) => value === null || (typeof value === 'string' && URL.canParse(value));
  const isOneOf = (words: string) => (value: unknown) => typeof value === 'string' && words.split(' ').includes(value);
  const isId = (value: unknown) => typeof value === 'string' && value !== '';
  const isLivestreamStatus = isOneOf('LIVE IDLE ERRORED INVOKED OFFLINE UNKNOWN');

  const LIVESTREAM = {
    id: isId,
    name: isText,
    status: isLivestreamStatus,
    disabled: isFlag,
    ingestServer: isText,
    streamKey: isText,
    playbackUrl: isAddress,
    createdAt: isMoment,
    updatedAt: isMoment,
    meetingId: isText,
  };
  const SESSION = {
    id: isId,
    livestreamId: isText,
    errorMessage: isText,
    ingestSeconds: isNumber,
    viewerSeconds: isNumber,
    invokedAt: isMoment,
    startedAt: isMoment,
    stoppedAt: isMoment,
    createdAt: isMoment,
    updatedAt: isMoment,
  };
  const MEETING = {
    id: isId,
    title: isText,
    status: isOneOf('ACTIVE INACTIVE UNKNOWN'),
    createdAt: isMoment,
    updatedAt: isMoment,
  };

  type Kind = Readonly<Record<string, (value: unknown) => boolean>>;

  /** The fields that are not of their kind, and those that are missing. */
  function faultsOf(model: object | null, kind: Kind): string[] {
    if (model === null) return [];
    const odd = Object.entries(model).filter(([name, value]: [string, unknown]) => kind[name]?.(value) !== true);
    return [...odd.map(([name]) => name), ...Object.keys(kind).filter((name) => !(name in model))];
  }

  test('every field of a model is of its kind, or null', () => {
    const property = fc.property(json, (value) => {
      expect(faultsOf(parseLivestream(value), LIVESTREAM)).toEqual([]);
      expect(faultsOf(parseSession(value), SESSION)).toEqual([]);
      expect(faultsOf(parseMeeting(value), MEETING)).toEqual([]);
      const started = parseStartedLivestream(value, 'm');
      const told = Object.entries(LIVESTREAM).filter(([name]) => started !== null && name in started);
      expect(faultsOf(started, Object.fromEntries(told))).toEqual([]);
    });
    expect.hasAssertions();
    fc.assert(property, { numRuns: runs(400) });
  });

  /** What `work` gives; null when it says that the answer cannot be read. */
  function readable<T>(work: () => T): T | null {
    try {
      return work();
    } catch (error) {
      if (error instanceof UpstreamError && error.code === 'UPSTREAM_INVALID_RESPONSE') return null;
      throw error;
    }
  }

  test('analytics are read, or said to be unreadable', () => {
    const isCount = (value: unknown) => value === null || Number.isInteger(value);
    const SUMS = { count: isCount, ingestSeconds: isNumber, viewerSeconds: isNumber };
    const isDate = (value: unknown) => typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value);
    const property = fc.property(json, (data) => {
      const overall = readable(() => parseAnalytics({ data, paging: null }));
      expect(faultsOf(overall, SUMS)).toEqual([]);
      const days = readable(() => parseDays({ data, paging: null })) ?? [];
      for (const day of days) expect(faultsOf(day, { ...SUMS, date: isDate })).toEqual([]);
    });
    fc.assert(property, { numRuns: runs(200) });
  });

  test('a list or an object is read, or said to be unreadable', () => {
    const LIST = { rows: Array.isArray, isArray: isFlag, startOffset: isNumber, totalCount: isNumber };
    const property = fc.property(json, json, (data, paging) => {
      expect(
        faultsOf(
          readable(() => parseList({ data, paging }, 'livestreams')),
          LIST,
        ),
      ).toEqual([]);
      expect(Array.isArray(readable(() => parseObject({ data, paging })))).toBe(false);
      expect(
        faultsOf(
          readable(() => parseSessionList({ data, paging })),
          LIST,
        ),
      ).toEqual([]);
    });
    fc.assert(property, { numRuns: runs(200) });
  });
});
