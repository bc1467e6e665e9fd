import { useQuery } from '@apollo/client/react';
import { type RefObject, useEffect, useId, useState } from 'react';

import { ErrorNotice } from '../errors/ErrorNotice.tsx';
import { graphql } from '../generated/index.ts';
import { StatusBadge } from '../ui/StatusBadge.tsx';
import { useLiveMeetingIds } from '../wall/useLiveMeetingIds.ts';

/** One upstream request. */
const MEETING_SEARCH = graphql(`
  query MeetingSearch($search: String, $first: Int!) {
    meetings(search: $search, first: $first) {
      totalCount
      nodes {
        id
        title
        status
      }
    }
  }
`);

const MAX_RESULTS = 8;
const DEBOUNCE_MS = 300;

interface Props {
  selectedId: string | null;
  /** Called with null when the reader searches again: a meeting that is out of sight must not stay selected. */
  onSelect: (meetingId: string | null) => void;
  /** The field that is typed in first. */
  searchRef: RefObject<HTMLInputElement | null>;
}

/** Finds a meeting by its title. */
export function MeetingPicker({ selectedId, onSelect, searchRef }: Props) {
  const searchId = useId();
  const groupName = useId();
  const [text, setText] = useState('');
  const search = useDebounced(text.trim());
  const { data, previousData, error, refetch } = useQuery(MEETING_SEARCH, {
    variables: { search: search === '' ? null : search, first: MAX_RESULTS },
  });
  const meetings = (data ?? previousData)?.meetings;
  const liveMeetingIds = useLiveMeetingIds();
  const hidden = (meetings?.totalCount ?? 0) - (meetings?.nodes.length ?? 0);

  return (
    <>
      <label htmlFor={searchId}>Find a meeting</label>
      <input
        ref={searchRef}
        id={searchId}
        type="search"
        value={text}
        maxLength={256}
        onChange={(event) => {
          setText(event.target.value);
          onSelect(null);
        }}
      />
      {error !== undefined && (
        <ErrorNotice error={error} what="The meetings could not be loaded." onRetry={() => void refetch()} />
      )}
      <fieldset className="meetings" aria-busy={data === undefined && error === undefined}>
        <legend className="visually-hidden">Meeting</legend>
        {meetings?.nodes.map(({ id, title, status }) => (
          <label key={id}>
            <input type="radio" name={groupName} checked={id === selectedId} onChange={() => onSelect(id)} />
            <span>{title ?? 'Untitled meeting'}</span>
            {liveMeetingIds.has(id) && <StatusBadge status="LIVE" />}
            {status === 'INACTIVE' && <span className="tag">Closed</span>}
          </label>
        ))}
      </fieldset>
      <p role="status" className="hint">
        {meetings === undefined && error === undefined && 'Loading meetings…'}
        {meetings?.nodes.length === 0 && 'No meeting has such a title.'}
        {hidden > 0 && `${hidden} more. Type a part of the title to find them.`}
      </p>
    </>
  );
}

/** The value as it was once it has not changed for a moment. */
function useDebounced(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), DEBOUNCE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
