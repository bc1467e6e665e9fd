import { useLazyQuery } from '@apollo/client/react';

import { ErrorNotice } from '../errors/ErrorNotice.tsx';
import { graphql } from '../generated/index.ts';
import { keepFocus } from '../ui/keepFocus.ts';
import { linkTo } from '../ui/route.ts';
import { StatusBadge } from '../ui/StatusBadge.tsx';

/** One upstream request. */
const ACTIVE_LIVESTREAM = graphql(`
  query ActiveLivestream($meetingId: ID!) {
    meeting(id: $meetingId) {
      id
      activeLivestream {
        id
        name
        status
      }
    }
  }
`);

interface Props {
  meetingId: string;
  label: string;
  onReset: () => void;
  onLeave: () => void;
}

/** A button that reads which livestream a meeting has now, and the answer. */
export function MeetingCheck({ meetingId, label, onReset, onLeave }: Props) {
  const [read, { data, error, loading }] = useLazyQuery(ACTIVE_LIVESTREAM, { fetchPolicy: 'network-only' });
  const check = (): void => void read({ variables: { meetingId } });
  const livestream = data?.meeting.activeLivestream;

  if (error !== undefined) return <ErrorNotice error={error} what="The meeting could not be read." onRetry={check} />;
  if (livestream != null) {
    return (
      <p role="status">
        The meeting is live: <StatusBadge status={livestream.status} />{' '}
        <a href={linkTo({ view: 'wall', livestreamId: livestream.id })} onClick={onLeave}>
          {livestream.name ?? 'Unnamed livestream'}
        </a>
      </p>
    );
  }
  if (data !== undefined) {
    return (
      <>
        <p role="status">The meeting is not live now.</p>
        <button type="button" onClick={keepFocus(onReset)}>
          OK
        </button>
      </>
    );
  }
  return (
    <button type="button" disabled={loading} onClick={keepFocus(check)}>
      {label}
    </button>
  );
}
