import { type Paging, ApiError } from './responses.ts';
import type { ResponseFormats } from './settings.ts';

const DEFAULT_PER_PAGE = 20;

/** One page of a list. Without `paging`, the response does not tell the position. */
export interface ListPage<T> {
  rows: T[];
  paging: Paging | undefined;
}

/**
 * The page that the query's `page_no` and `per_page` select. It is empty if it is beyond the end. `perPage`, if given, overrides
 * `per_page`.
 */
export function paginate<T>(
  all: readonly T[],
  query: URLSearchParams,
  responseFormats: ResponseFormats,
  perPage?: number,
): ListPage<T> {
  const requested = parseInteger(query, 'per_page') ?? DEFAULT_PER_PAGE;
  if (requested === 0) throw new ApiError(400, 400, 'per_page must be at least 1');
  const size = perPage ?? Math.min(requested, responseFormats.maxPerPage);
  // A page number below that of the first page selects the first page.
  const pagesBefore = Math.max(
    0,
    (parseInteger(query, 'page_no') ?? responseFormats.firstPage) - responseFormats.firstPage,
  );
  const start = pagesBefore * size;
  const rows = all.slice(start, start + size);
  const isEmpty = rows.length === 0;
  const paging = {
    start_offset: isEmpty ? 0 : start + 1,
    end_offset: isEmpty ? 0 : start + rows.length,
    total_count: all.length,
  };
  return { rows, paging: responseFormats.paging === 'missing' ? undefined : paging };
}

function parseInteger(query: URLSearchParams, key: string): number | undefined {
  const value = query.get(key);
  if (value === null) return undefined;
  if (!/^\d{1,9}$/.test(value)) throw new ApiError(400, 400, `${key} must be a whole number`);
  return Number(value);
}
