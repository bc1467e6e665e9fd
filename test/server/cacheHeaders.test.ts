import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { type CacheHeadersSetting, createCacheHeaders } from '../../src/server/cacheHeaders.ts';
import { createRequestRecord } from '../../src/telemetry/requestRecord.ts';

const NOW = Date.UTC(2026, 0, 15, 12);

/** The fields that caches get of a response that was read and is fresh so many milliseconds from now. */
function write(setting: CacheHeadersSetting, { readMsAgo, leftMs }: { readMsAgo: number; leftMs: number }): Headers {
  const headers = new Headers();
  const response = {
    text: '{}',
    operationName: null,
    requestedRequests: 1,
    isStorable: true,
    readAt: NOW - readMsAgo,
    freshUntil: NOW + leftMs,
    startedAt: { logical: 0, wallTime: NOW },
    tags: '',
    etag: null,
  };
  const record = { ...createRequestRecord('id', new AbortController().signal), fromResponseCache: true };
  const options = { setting, auth: 'none', cors: false, vary: [], clock: { now: () => NOW } } as const;
  createCacheHeaders(options)?.write(headers, response, { etag: null, record });
  return headers;
}

const secondsIn = (directive: string, headers: Headers): number =>
  Number(new RegExp(`(?:^|[ ,])${directive}=(\\d+)`).exec(headers.get('cache-control') ?? '')?.[1]);

const moments = fc.record({
  readMsAgo: fc.integer({ min: 0, max: 10_000_000 }),
  leftMs: fc.integer({ min: -100_000, max: 10_000_000 }),
});

test('no cache uses a response for longer than it is fresh, whether it subtracts Age or not, nor is told a second less', () => {
  fc.assert(
    fc.property(moments, (moment) => {
      const headers = write('private', moment);
      const left = Math.max(0, Math.floor(moment.leftMs / 1000));
      expect(secondsIn('max-age', headers)).toBe(left);
      expect(Number(headers.get('age') ?? 0)).toBe(left === 0 ? 0 : Math.floor(moment.readMsAgo / 1000));
    }),
  );
});

test('the same applies to caches that callers share, which get no Age: all of them store a response until it expires', () => {
  fc.assert(
    fc.property(moments, (moment) => {
      const left = Math.floor(moment.leftMs / 1000);
      const expected = left < 1 ? 'private, no-cache, max-age=0' : `public, s-maxage=${left}`;
      const headers = write('public', moment);
      expect([headers.get('cache-control'), headers.get('age')]).toEqual([expected, null]);
    }),
  );
});
