import type { MaybePromise } from '@whatwg-node/promise-helpers';

import { badUserInput } from '../domain/errors.ts';
import type { OffsetRange, Page } from '../domain/models.ts';
import { whenReady } from '../lib/maybePromise.ts';

/** The maximum number of rows on a page of a connection. */
export const MAX_PAGE_SIZE = 100;
const DEFAULT_PAGE_SIZE = 25;

interface PageArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
}

/** Loads the page that `first` and `after` select. Throws `BAD_USER_INPUT` if either is invalid. */
export function loadConnection<Node>(
  args: PageArguments,
  load: (range: OffsetRange) => MaybePromise<Page<Node>>,
): MaybePromise<ReturnType<typeof toConnection<Node>>> {
  const count = args.first ?? DEFAULT_PAGE_SIZE;
  if (count < 1 || count > MAX_PAGE_SIZE)
    throw badUserInput(`"first" must be from 1 to ${MAX_PAGE_SIZE}, not ${count}.`);
  const range = { count, offset: args.after == null ? 0 : decodeCursor(args.after) };
  return whenReady(load(range), (page) => toConnection(range.offset, page));
}

/**
 * A page as the GraphQL Cursor Connections Specification (https://relay.dev/graphql/connections.htm) defines it, plus `nodes` and
 * `totalCount`. Null rows are left out, but `endCursor` comes after them: otherwise a page without any other row would have no cursor,
 * and the client would start again.
 */
function toConnection<Node>(offset: number, { rows, totalCount, hasNext }: Page<Node>) {
  const positioned = rows.flatMap((node, index) => (node === null ? [] : [{ node, position: offset + index + 1 }]));
  const [first] = positioned;
  return {
    // Lazy, because most callers select `nodes` only.
    get edges() {
      return positioned.map(({ node, position }) => ({ node, cursor: encodeCursor(position) }));
    },
    nodes: positioned.map(({ node }) => node),
    pageInfo: {
      hasNextPage: hasNext,
      hasPreviousPage: offset > 0 && totalCount !== 0,
      startCursor: first === undefined ? null : encodeCursor(first.position),
      endCursor: rows.length === 0 ? null : encodeCursor(offset + rows.length),
    },
    totalCount,
  };
}

/** The cursor of the row at this 1-based position. Cursors are opaque to clients. */
function encodeCursor(position: number): string {
  return btoa(`after:${position}`);
}

function decodeCursor(cursor: string): number {
  const [, position] = /^after:(\d{1,9})$/.exec(decodeBase64(cursor)) ?? [];
  if (position === undefined)
    throw badUserInput('"after" must be a cursor of this list, from "pageInfo.endCursor" or from an edge.');
  return Number(position);
}

function decodeBase64(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return '';
  }
}
