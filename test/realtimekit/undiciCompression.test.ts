import { brotliCompressSync, gzipSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { startHttp, startHttp2 } from '../support/origins.ts';
import { createTransport, read, running } from './undiciSupport.ts';

/** Sends a read, with a limit of 1,000 bytes, to an origin that responds with this body. */
async function receive(body: Buffer, encoding?: string) {
  const origin = await running(
    startHttp((_request, response) => {
      if (encoding !== undefined) response.setHeader('content-encoding', encoding);
      response.end(body);
    }),
  );
  return createTransport().send(read(origin.url));
}

const TEXT = JSON.stringify({ name: 'é'.repeat(400) });
const LONG = Buffer.alloc(100_000, 'x');

describe('a compressed response', () => {
  test.each([
    ['gzip', gzipSync(TEXT)],
    ['x-gzip', gzipSync(TEXT)],
    ['GZIP', gzipSync(TEXT)],
    ['br', brotliCompressSync(TEXT)],
  ])('in %s is decompressed', async (encoding, body) => {
    expect((await receive(body, encoding)).body).toBe(TEXT);
  });

  test('is decompressed over HTTP/2', async () => {
    const origin = await running(
      startHttp2((_request, response) => {
        response.setHeader('content-encoding', 'gzip');
        response.end(gzipSync(TEXT));
      }),
    );
    expect((await createTransport().send(read(origin.url))).body).toBe(TEXT);
  });

  test.each([
    ['gzip', gzipSync(LONG)],
    ['br', brotliCompressSync(LONG)],
  ])('in %s is too large if its decompressed body is', async (encoding, body) => {
    expect(body.length).toBeLessThan(1000);
    await expect(receive(body, encoding)).rejects.toMatchObject({ failure: 'too-large' });
  });

  test.each([
    ['gzip', Buffer.from(TEXT)],
    ['gzip', gzipSync(TEXT).subarray(0, -9)],
    ['br', Buffer.from('no')],
  ])('that is not in %s, as it claims, stays as it is', async (encoding, body) => {
    expect((await receive(body, encoding)).body).toBe(body.toString());
  });

  test('without a body is empty', async () => {
    expect((await receive(Buffer.alloc(0), 'gzip')).body).toBe('');
  });

  test('in an unknown encoding stays as it is', async () => {
    expect((await receive(Buffer.from(TEXT), 'identity')).body).toBe(TEXT);
  });
});

test('a byte order mark is skipped, compressed or not', async () => {
  const marked = Buffer.from(`\uFEFF${TEXT}`);
  expect((await receive(marked)).body).toBe(TEXT);
  expect((await receive(gzipSync(marked), 'gzip')).body).toBe(TEXT);
});
