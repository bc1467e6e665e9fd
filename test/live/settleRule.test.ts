import { describe, expect, test } from 'vitest';

import { relate } from '../../src/live/settleRule.ts';
import { livestreamOf, publishedState } from './states.ts';

const LIVE = livestreamOf();
const ENDED = livestreamOf({ status: 'OFFLINE' });

describe('a state that was read, compared with the one published at 10, which arrived at 20', () => {
  test.each([
    ['is outdated if it was requested earlier', 9, ENDED, 'outdated'],
    ['is outdated if it was requested at the same time', 10, ENDED, 'outdated'],
    ['is current if subscribers see no difference', 15, LIVE, 'current'],
    ['is ambiguous if it differs and was requested before the published one arrived', 15, ENDED, 'ambiguous'],
    ['is current if it differs and was requested after the published one arrived', 21, ENDED, 'current'],
  ] as const)('%s', (_title, logical, state, relation) => {
    const publication = { published: publishedState(LIVE), arrivedAt: 20 };
    expect(relate(publication, state, { logical, wallTime: 0 })).toBe(relation);
  });
});

describe('a state of a livestream without a published state, whose last one arrived at 20', () => {
  test.each([
    ['is current if it was requested later', 21, LIVE, 'current'],
    ['is ambiguous if it is active and was requested earlier', 15, LIVE, 'ambiguous'],
    ['is current if it has ended, whenever it was requested', 15, ENDED, 'current'],
  ] as const)('%s', (_title, logical, state, relation) => {
    expect(relate({ published: null, arrivedAt: 20 }, state, { logical, wallTime: 0 })).toBe(relation);
  });
});
