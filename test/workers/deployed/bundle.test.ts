import { gzipSync } from 'node:zlib';

import { expect, it } from 'vitest';

import { readBundle, readImports } from './bundle.ts';

/** Of a Worker on the free plan, compressed (https://developers.cloudflare.com/workers/platform/limits/#worker-size). */
const MAX_BYTES = 3 * 1024 * 1024;

it('the bundle of the Worker fits into the free plan', () => {
  expect(gzipSync(readBundle()).byteLength).toBeLessThan(MAX_BYTES);
});

it('the bundle of the Worker imports nothing, in particular none of the modules of Node.js', () => {
  expect(readImports()).toEqual([]);
});
