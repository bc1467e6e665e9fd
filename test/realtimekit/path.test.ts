import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/domain/errors.ts';
import { path } from '../../src/realtimekit/path.ts';

describe('path', () => {
  test('inserts the ids, and returns the route without them', () => {
    expect(path`/meetings/${'abc-1'}/active-livestream`).toEqual({
      path: '/meetings/abc-1/active-livestream',
      route: '/meetings/{id}/active-livestream',
    });
    expect(path`/livestreams`).toEqual({ path: '/livestreams', route: '/livestreams' });
  });

  test.each(['', '.', '..', 'a/b', 'a%2fb', 'a?b', 'a#b', 'a b', 'a\nb', 'é', 'a'.repeat(65), 'sessions'])(
    'throws for %j in place of an id',
    (id) => {
      expect(() => path`/meetings/${id}`).toThrow(expect.objectContaining({ code: 'UPSTREAM_INVALID_RESPONSE' }));
    },
  );

  test('never leaves its route, whatever the ids', () => {
    const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[A-Za-z0-9./%?#\\-]{0,70}$/));
    const property = fc.property(anyText, (id) => {
      const isId = /^[A-Za-z0-9-]{1,64}$/.test(id) && id !== 'sessions';
      expect(pathOrCode(id)).toBe(isId ? `/meetings/${id}/livestreams` : 'UPSTREAM_INVALID_RESPONSE');
    });
    fc.assert(property);
  });
});

/** The path of a URL with this id, or the code of the error. */
function pathOrCode(id: string): string {
  try {
    return new URL(path`/meetings/${id}/livestreams`.path, 'https://api.example').pathname;
  } catch (error) {
    if (error instanceof GatewayError) return error.code;
    throw error;
  }
}
