import { describe, expect, test } from 'vitest';
import { type Envelope, unwrapResponse } from '../../src/realtimekit/envelope.ts';
import { parseAnalytics, parseDays } from '../../src/realtimekit/parseAnalytics.ts';

/** The envelope of a response with this JSON body. */
const unwrap = (body: unknown): Envelope | null =>
  unwrapResponse({ status: 200, headers: {}, body: JSON.stringify(body) }, { secrets: [] });

describe('parseAnalytics', () => {
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
  ])('parses %j', (data, [count, ingestSeconds, viewerSeconds]) => {
    expect(parseAnalytics(unwrap({ data }))).toEqual({ count, ingestSeconds, viewerSeconds });
  });
});

describe('parseDays', () => {
  test.each([
    ['2026-03-14', '2026-03-14'],
    ['2024-02-29', '2024-02-29'],
    ['2026-03-14T00:00:00.000Z', '2026-03-14'],
    ['2026-03-14T00:00:00+05:30', '2026-03-14'],
    ['2026-03-14 00:00:00', '2026-03-14'],
  ])('parses the date %s as %s', (sent, date) => {
    expect(parseDays(unwrap({ data: [{ date: sent, count: 1 }] }))).toMatchObject([{ date, count: 1 }]);
  });

  test.each(['', '14 March 2026', '2026-02-29', '2026-13-01', '2026-3-14', '2026-03-145', 20_260_314, null, {}])(
    'puts a day with the date %j last, without a date',
    (date) => {
      const days = parseDays(unwrap({ data: [{ date, count: 1 }, { date: '2026-03-13' }] }));
      expect(days).toMatchObject([{ date: '2026-03-13' }, { date: null, count: 1 }]);
    },
  );

  test('returns an empty list for an empty list or null, and rejects other data', () => {
    expect([parseDays(null), parseDays(unwrap({ data: null })), parseDays(unwrap({ data: [] }))]).toEqual([[], [], []]);
    const invalid: unknown = expect.objectContaining({ code: 'UPSTREAM_INVALID_RESPONSE' });
    for (const data of [{}, 'none', 0, [null], ['2026-01-01']])
      expect(() => parseDays(unwrap({ data }))).toThrow(invalid);
  });
});
