import { handleMaybePromise, type MaybePromise } from '@whatwg-node/promise-helpers';

import { badUserInput } from '../domain/errors.ts';
import type { OffsetRange, Page } from '../domain/models.ts';

/** The most rows that one page of a connection gives. */
export const MAX_PAGE_SIZE = 100;
const DEFAULT_PAGE_SIZE = 25;

/** What callers pass to page through a connection. */
export interface PageArguments {
  first?: number | null | undefined;
  after?: string | null | undefined;
}

/** A page in Relay's cursor form (GraphQL Cursor Connections Specification), with `nodes` and `totalCount` beside it. */
export interface Connection<Node> {
  edges: { cursor: string; node: Node }[];
  nodes: Node[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor: string | null; endCursor: string | null };
  totalCount: number | null;
}

/** The connection's page that `first` and `after` name, read by `load`; throws `BAD_USER_INPUT` when they name none. */
export function readConnection<Node>(
  args: PageArguments,
  load: (range: OffsetRange) => MaybePromise<Page<Node>>,
): MaybePromise<Connection<Node>> {
  const range = {
    count: checkFirst(args.first ?? DEFAULT_PAGE_SIZE),
    offset: args.after == null ? 0 : readCursor(args.after),
  };
  return handleMaybePromise(
    () => load(range),
    (rows) => toConnection(range.offset, rows),
  );
}

function toConnection<Node>(offset: number, { rows, totalCount, hasNext }: Page<Node>): Connection<Node> {
  const places = rows.flatMap((node, index) => (node === null ? [] : [{ node, offset: offset + index + 1 }]));
  const cursorAt = (index: number): string | null => {
    const place = places.at(index);
    return place === undefined ? null : toCursor(place.offset);
  };
  return {
    // Written down when they are asked for: most callers want the nodes alone.
    get edges() {
      return places.map(({ node, offset }) => ({ node, cursor: toCursor(offset) }));
    },
    nodes: places.map(({ node }) => node),
    pageInfo: {
      hasNextPage: hasNext,
      hasPreviousPage: offset > 0 && totalCount !== 0,
      startCursor: cursorAt(0),
      endCursor: cursorAt(-1),
    },
    totalCount,
  };
}

function checkFirst(first: number): number {
  if (first < 1 || first > MAX_PAGE_SIZE) throw badUserInput(`"first" is 1 to ${MAX_PAGE_SIZE}, not ${first}.`);
  return first;
}

/** A cursor tells how many rows stand up to and with its own; callers are not to rely on it. */
function toCursor(offset: number): string {
  return btoa(`after:${offset}`);
}

function readCursor(cursor: string): number {
  const [, offset] = /^after:(\d{1,9})$/.exec(decode(cursor)) ?? [];
  if (offset === undefined)
    throw badUserInput('"after" is no cursor of this list: take it from pageInfo.endCursor or from an edge.');
  return Number(offset);
}

function decode(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return '';
  }
}
