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

test('the remaining lifetime is never overstated, nor understated by a second: max-age less Age, whatever the moment', () => {
  fc.assert(
    fc.property(moments, (moment) => {
      const headers = write('private', moment);
      const remaining = secondsIn('max-age', headers) - Number(headers.get('age') ?? 0);
      expect(remaining).toBe(Math.max(0, Math.floor(moment.leftMs / 1000)));
    }),
  );
});

test('shared caches that ignore Age use a response no longer than it is fresh: s-maxage is what is left', () => {
  fc.assert(
    fc.property(moments, (moment) => {
      const headers = write('public', moment);
      expect(headers.get('age')).toBeNull();
      const left = Math.floor(moment.leftMs / 1000);
      const expected = left < 1 ? 'private, no-cache, max-age=0' : `public, max-age=0, s-maxage=${left}`;
      expect(headers.get('cache-control')).toBe(expected);
    }),
  );
});
