import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { sha256Base64, sha256Hex } from '../../src/lib/sha256.ts';

describe('sha256', () => {
  test.each(['', 'abc', 'π ≈ 3.14', 'x'.repeat(100_000)])(
    'agrees with the digest of node:crypto (%#)',
    async (text) => {
      const digest = createHash('sha256').update(text).digest();
      expect(await sha256Hex(text)).toBe(digest.toString('hex'));
      expect(await sha256Base64(text)).toBe(digest.toString('base64'));
    },
  );
});
