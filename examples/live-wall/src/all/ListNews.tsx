import { useState } from 'react';

import type { LivestreamStatus } from '../generated/graphql.ts';
import { keepFocus } from '../ui/keepFocus.ts';
import { useLivestreamChanges } from '../wall/LivestreamChanges.tsx';

interface ListNewsProps {
  /** The status of all livestreams in the list; null for the list of all. */
  status: LivestreamStatus | null;
  /** Reads the list again. */
  onRead: () => void;
}

/**
 * Says that livestreams have entered or left the list since this was mounted, with a button to read it again. The list does not read
 * itself: that would move the rows under the reader's eyes, and cost an upstream request for each change.
 */
export function ListNews({ status, onRead }: ListNewsProps) {
  const { [status ?? 'all']: revision = 0 } = useLivestreamChanges().revisions;
  const [readRevision, setReadRevision] = useState(revision);
  function read(): void {
    setReadRevision(revision);
    onRead();
  }
  return (
    <div className="list-news" role="status" tabIndex={-1}>
      {revision !== readRevision && (
        <>
          The list has changed.{' '}
          <button type="button" className="link-button" onClick={keepFocus(read)}>
            Read it again
          </button>
        </>
      )}
    </div>
  );
}
