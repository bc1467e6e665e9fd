import { useQuery } from '@apollo/client/react';
import { Suspense, lazy } from 'react';

import { ErrorNotice } from '../errors/ErrorNotice.tsx';
import { graphql } from '../generated/index.ts';
import { Modal } from '../ui/Modal.tsx';
import { StatusBadge } from '../ui/StatusBadge.tsx';
import { SessionFacts } from '../wall/SessionFacts.tsx';
import { Progress } from './Progress.tsx';
import { Sessions } from './Sessions.tsx';
import { StopLivestream } from './StopLivestream.tsx';

/** Three upstream requests: the livestream, its running session and its meeting. */
const DETAILS = graphql(`
  query Details($id: ID!) {
    livestream(id: $id) {
      id
      name
      status
      playbackUrl
      meeting {
        id
        title
      }
      ...SessionFacts
    }
  }
`);

/** hls.js is larger than everything else together: it is loaded when somebody opens a livestream that can be watched. */
const Player = lazy(async () => import('./Player.tsx').catch(() => ({ default: MissingPlayer })));

/** One livestream: how far it is, its video, its sessions. The subscription keeps this current, too. */
export function Details({ livestreamId, onClose }: { livestreamId: string; onClose: () => void }) {
  const { data, error, refetch } = useQuery(DETAILS, {
    variables: { id: livestreamId },
    fetchPolicy: 'cache-and-network',
    nextFetchPolicy: 'cache-first',
  });
  const livestream = data?.livestream;

  if (livestream == null) {
    return (
      <Modal title="Livestream" variant="drawer" onClose={onClose}>
        {error !== undefined && (
          <ErrorNotice error={error} what="The livestream could not be loaded." onRetry={() => void refetch()} />
        )}
        {error === undefined && (
          <p role="status">{data === undefined ? 'Loading the livestream…' : 'There is no such livestream.'}</p>
        )}
      </Modal>
    );
  }

  const { id, name, status, playbackUrl, meeting } = livestream;
  const isActive = status === 'LIVE' || status === 'INVOKED';
  return (
    <Modal title={name ?? 'Unnamed livestream'} variant="drawer" onClose={onClose}>
      <p className="details-summary">
        <StatusBadge status={status} />
        {meeting === null ? 'Independent of any meeting' : `In the meeting “${meeting.title ?? meeting.id}”`}
      </p>
      {error !== undefined && (
        <ErrorNotice error={error} what="What you see may be out of date." onRetry={() => void refetch()} />
      )}
      <Progress status={status} hasPlayback={playbackUrl != null} />
      {status === 'LIVE' && playbackUrl != null && (
        <Suspense fallback={<div className="player skeleton" />}>
          <Player key={playbackUrl} url={playbackUrl} title={name ?? 'Livestream'} />
        </Suspense>
      )}
      {status === 'LIVE' && <SessionFacts livestreamId={id} />}
      {meeting !== null && <StopLivestream livestreamId={id} meetingId={meeting.id} isActive={isActive} />}
      {/* Another status, another list of sessions: it is read again. */}
      <Sessions key={status} livestreamId={id} />
    </Modal>
  );
}

/** For a player that could not be loaded: without this, React would remove the whole page. */
function MissingPlayer() {
  return (
    <div className="player unplayable" role="status">
      <p className="empty-title">The player could not be loaded</p>
      <p>Reload the page to try again.</p>
    </div>
  );
}
