import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UpstreamError } from '../../src/domain/errors.ts';
import {
  parseList,
  parseLivestream,
  parseMeeting,
  parseObject,
  parseSession,
  parseSessionList,
  parseStartedLivestream,
} from '../../src/realtimekit/parse.ts';
import { parseAnalytics, parseDays } from '../../src/realtimekit/parseAnalytics.ts';
import { runs } from '../support/runs.ts';

describe('any JSON', () => {
  const edgeCase = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom('2026-01-15', '2026-02-31T99:99Z', '1e999', '-0', 'https://[', 'LIVE', 'true', ''),
  );
  const names =
    'id name title status disabled ingest_server stream_key playback_url created_at updated_at meeting_id livestream_id err_message ingest_seconds viewer_seconds invoked_time started_time stopped_time paging livestreams meetings livestream session sessions date count total_ingest_seconds total_viewer_seconds'.split(
      ' ',
    );
  const object = fc.oneof(
    fc.dictionary(fc.constantFrom(...names), edgeCase),
    fc
      .tuple(fc.string(), fc.dictionary(fc.constantFrom(...names), edgeCase))
      .map(([id, rest]) => Object.assign(rest, { id })),
  );
  const json = fc.oneof(edgeCase, object, fc.array(object));

  const isString = (value: unknown) => value === null || (typeof value === 'string' && value !== '');
  const isDate = (value: unknown) => value === null || (value instanceof Date && !Number.isNaN(value.getTime()));
  const isNumber = (value: unknown) => value === null || Number.isFinite(value);
  const isBoolean = (value: unknown) => value === null || typeof value === 'boolean';
  const isUrl = (value: unknown) => value === null || (typeof value === 'string' && URL.canParse(value));
  const isOneOf = (words: string) => (value: unknown) => typeof value === 'string' && words.split(' ').includes(value);
  const isId = (value: unknown) => typeof value === 'string' && value !== '';
  const isLivestreamStatus = isOneOf('LIVE IDLE ERRORED INVOKED OFFLINE UNKNOWN');

  const LIVESTREAM = {
    id: isId,
    name: isString,
    status: isLivestreamStatus,
    disabled: isBoolean,
    ingestServer: isString,
    streamKey: isString,
    playbackUrl: isUrl,
    createdAt: isDate,
    updatedAt: isDate,
    meetingId: isString,
  };
  const SESSION = {
    id: isId,
    livestreamId: isString,
    errorMessage: isString,
    ingestSeconds: isNumber,
    viewerSeconds: isNumber,
    invokedAt: isDate,
    startedAt: isDate,
    stoppedAt: isDate,
    createdAt: isDate,
    updatedAt: isDate,
  };
  const MEETING = {
    id: isId,
    title: isString,
    status: isOneOf('ACTIVE INACTIVE UNKNOWN'),
    createdAt: isDate,
    updatedAt: isDate,
  };

  type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

  /** The names of fields that have the wrong type or are missing. */
  function faultsOf(model: object | null, shape: Shape): string[] {
    if (model === null) return [];
    const wrong = Object.entries(model).filter(([name, value]: [string, unknown]) => shape[name]?.(value) !== true);
    return [...wrong.map(([name]) => name), ...Object.keys(shape).filter((name) => !(name in model))];
  }

  test('is parsed to models whose fields have the right type or are null', () => {
    const property = fc.property(json, (value) => {
      expect(faultsOf(parseLivestream(value), LIVESTREAM)).toEqual([]);
      expect(faultsOf(parseSession(value), SESSION)).toEqual([]);
      expect(faultsOf(parseMeeting(value), MEETING)).toEqual([]);
      const started = parseStartedLivestream(value, 'm');
      const present = Object.entries(LIVESTREAM).filter(([name]) => started !== null && name in started);
      expect(faultsOf(started, Object.fromEntries(present))).toEqual([]);
    });
    expect.hasAssertions();
    fc.assert(property, { numRuns: runs(400) });
  });

  /** The result of `work`, or null if it rejects the response as invalid. */
  function resultOrNull<T>(work: () => T): T | null {
    try {
      return work();
    } catch (error) {
      if (error instanceof UpstreamError && error.code === 'UPSTREAM_INVALID_RESPONSE') return null;
      throw error;
    }
  }

  test('is parsed to analytics, or rejected', () => {
    const isCount = (value: unknown) => value === null || Number.isInteger(value);
    const SUMS = { count: isCount, ingestSeconds: isNumber, viewerSeconds: isNumber };
    const isDay = (value: unknown) => value === null || (typeof value === 'string' && /^\d{4}-\d\d-\d\d$/.test(value));
    const property = fc.property(json, (data) => {
      const overall = resultOrNull(() => parseAnalytics({ data, paging: null }));
      expect(faultsOf(overall, SUMS)).toEqual([]);
      const days = resultOrNull(() => parseDays({ data, paging: null })) ?? [];
      for (const day of days) expect(faultsOf(day, { ...SUMS, date: isDay })).toEqual([]);
    });
    fc.assert(property, { numRuns: runs(200) });
  });

  test('is parsed to a list or an object, or rejected', () => {
    const LIST = { rows: Array.isArray, isArray: isBoolean, startOffset: isNumber, totalCount: isNumber };
    const property = fc.property(json, json, (data, paging) => {
      expect(
        faultsOf(
          resultOrNull(() => parseList({ data, paging }, 'livestreams')),
          LIST,
        ),
      ).toEqual([]);
      expect(Array.isArray(resultOrNull(() => parseObject({ data, paging })))).toBe(false);
      expect(
        faultsOf(
          resultOrNull(() => parseSessionList({ data, paging })),
          LIST,
        ),
      ).toEqual([]);
    });
    fc.assert(property, { numRuns: runs(200) });
  });
});
