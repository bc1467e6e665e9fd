import * as v from 'valibot';

import { parseInput, lenientObject, string } from './input.ts';
import type { ResponseFormats } from './settings.ts';

const wholeNumber = v.pipe(string, v.regex(/^\d{1,9}$/, 'must be a whole number'), v.transform(Number));

const PAGE_QUERY = lenientObject({
  page_no: v.exactOptional(wholeNumber),
  per_page: v.optional(v.pipe(wholeNumber, v.minValue(1, 'must be at least 1')), '20'),
});

/**
 * The page that the query's `page_no` and `per_page` select. It is empty if it is beyond the end. `perPage`, if given, overrides
 * `per_page`. With the format `paging: missing`, `paging` is undefined.
 */
export function paginate<T>(all: readonly T[], query: unknown, formats: ResponseFormats, perPage?: number) {
  const { page_no: page = formats.firstPage, per_page: requested } = parseInput(PAGE_QUERY, query);
  const size = perPage ?? Math.min(requested, formats.maxPerPage);
  // A page number below that of the first page selects the first page.
  const start = Math.max(0, page - formats.firstPage) * size;
  const rows = all.slice(start, start + size);
  const isEmpty = rows.length === 0;
  /** 1-based and inclusive. Both offsets of an empty page are 0. */
  const paging = {
    start_offset: isEmpty ? 0 : start + 1,
    end_offset: isEmpty ? 0 : start + rows.length,
    total_count: all.length,
  };
  return { rows, paging: formats.paging === 'missing' ? undefined : paging };
}
