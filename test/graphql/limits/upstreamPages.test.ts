import { parse, getOperationAST } from 'graphql';
import { expect, test } from 'vitest';

import { createCostLimit } from '../../../src/graphql/limits/costLimit.ts';
import { DEFAULT_OPERATION_LIMITS } from '../../../src/graphql/limits/operationLimits.ts';
import { pagesOf, type PageSizes } from '../../../src/graphql/limits/upstreamPages.ts';
import { gatewaySchema } from '../../../src/graphql/schema.ts';
import { nonNull } from '../../support/gateway.ts';

test.each([
  [0, 100, false, 1],
  [1, 100, false, 1],
  [100, 100, false, 1],
  [1, 100, true, 1],
  [2, 100, true, 2],
  [100, 100, true, 2],
  [100, 50, false, 2],
  [100, 50, true, 3],
  [7, 3, false, 3],
  [7, 3, true, 3],
  [8, 3, true, 4],
  [5, 1, true, 5],
])(
  '%i rows, with pages of %i upstream, lie on at most this many pages (after a cursor: %s): %i',
  (rows, size, after, pages) => {
    expect(pagesOf(rows, size, after)).toBe(pages);
  },
);

test('the cost of an operation follows the page sizes that the gateway learns', () => {
  const sizes: Record<keyof PageSizes, { maxPerPage?: number }> = {
    meetings: {},
    livestreams: {},
    meetingLivestreams: {},
  };
  const checkCost = createCostLimit(gatewaySchema(), DEFAULT_OPERATION_LIMITS, sizes);
  const document = parse(
    '{ meetings(first: 10) { nodes { livestreams(first: 4) { totalCount } } } livestreams(first: 30) { totalCount } }',
  );
  const operation = nonNull(getOperationAST(document));
  const cost = (): number | null => checkCost({ document, operation, variables: null }).requests;
  expect([cost(), cost()]).toEqual([1 + 10 + 1, 12]);
  sizes.livestreams.maxPerPage = 20;
  expect([cost(), cost()]).toEqual([1 + 10 + 2, 13]);
  sizes.meetings.maxPerPage = 3;
  sizes.meetingLivestreams.maxPerPage = 1;
  expect(cost()).toBe(4 + 10 * 4 + 2);
  delete sizes.livestreams.maxPerPage;
  expect(cost()).toBe(4 + 10 * 4 + 1);
});
