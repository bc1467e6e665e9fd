import { describe, expect, test } from 'vitest';

import { readBody } from '../../src/lib/readBody.ts';

/** A stream of these chunks, which then ends or, if `error` is given, fails; and how many chunks have been read. */
function streamOf(chunks: readonly string[], error?: Error) {
  const encoder = new TextEncoder();
  let pulled = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const chunk = chunks[pulled];
        if (chunk !== undefined) {
          pulled += 1;
          controller.enqueue(encoder.encode(chunk));
        } else if (error === undefined) controller.close();
        else controller.error(error);
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, chunksRead: () => pulled };
}

describe('readBody', () => {
  test.each([
    ['an empty stream', [], ''],
    ['one chunk', ['abc'], 'abc'],
    ['several chunks', ['a€', '😀'], 'a€😀'],
    ['a body of exactly the limit', ['12345', '67890'], '1234567890'],
  ])('returns the bytes of %s', async (_body, chunks, text) => {
    const bytes = await readBody(streamOf(chunks).stream, 10);
    expect(new TextDecoder().decode(bytes ?? undefined)).toBe(text);
    expect(bytes).toHaveLength(new TextEncoder().encode(text).length);
  });

  test('returns null for a body that is one byte longer than the limit', async () => {
    expect(await readBody(streamOf(['12345', '67890', '1']).stream, 10)).toBeNull();
  });

  test('counts bytes, not characters', async () => {
    expect(await readBody(streamOf(['€€€€']).stream, 11)).toBeNull();
  });

  test('reads a body that is too long to its end', async () => {
    const { stream, chunksRead } = streamOf(['12345678901', '2', '3']);
    expect(await readBody(stream, 10)).toBeNull();
    expect(chunksRead()).toBe(3);
  });

  test.each([10, 2])(
    "rejects with the stream's error when the body breaks off, with a limit of %i bytes",
    async (max) => {
      const error = new Error('The connection closed');
      await expect(readBody(streamOf(['abc'], error).stream, max)).rejects.toBe(error);
    },
  );
});
