import { useState } from 'react';

/** The cursors of the pages before the present one, and of itself. The first page has none. */
export interface Pages {
  /** The cursor of the present page, for the variable `after`. */
  after: string | null;
  /** The number of the present page, from 1 on. */
  number: number;
  isFirst: boolean;
  goTo: (cursor: string) => void;
  goBack: () => void;
  reset: () => void;
}

/** Pages through a connection. Cursors lead forward only; the way back is remembered. */
export function usePages(): Pages {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  return {
    after: cursors.at(-1) ?? null,
    number: cursors.length + 1,
    isFirst: cursors.length === 0,
    goTo: (cursor) => setCursors([...cursors, cursor]),
    goBack: () => setCursors(cursors.slice(0, -1)),
    reset: () => setCursors([]),
  };
}

interface PagerProps {
  pages: Pages;
  /** What is paged through, for screen readers. */
  label: string;
  pageSize: number;
  totalCount: number | null | undefined;
  /** Whether the page before is still shown, so that its cursor does not lead on from here. */
  isLoading: boolean;
  pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string | null | undefined } | undefined;
}

/**
 * The buttons to the previous and the next page; nothing if there is one page only. A button that leads nowhere, or not yet, keeps the
 * focus that brought the reader there: therefore `aria-disabled` instead of `disabled`.
 */
export function Pager({ pages, label, pageSize, totalCount, isLoading, pageInfo }: PagerProps) {
  const endCursor = pageInfo?.hasNextPage === true ? pageInfo.endCursor : null;
  if (pages.isFirst && endCursor == null) return null;
  const nextCursor = isLoading ? null : endCursor;
  const pageCount = totalCount == null ? '' : ` of ${Math.max(pages.number, Math.ceil(totalCount / pageSize))}`;
  return (
    <nav className="pager" aria-label={label}>
      <button type="button" aria-disabled={pages.isFirst} onClick={pages.goBack}>
        Previous
      </button>
      <span aria-live="polite">
        Page {pages.number}
        {pageCount}
      </span>
      <button
        type="button"
        aria-disabled={nextCursor == null}
        onClick={() => nextCursor != null && pages.goTo(nextCursor)}
      >
        Next
      </button>
    </nav>
  );
}
