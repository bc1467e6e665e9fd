import type { FragmentType } from '@apollo/client';
import { useFragment } from '@apollo/client/react';

import type { LivestreamTileFragment } from '../generated/graphql.ts';
import { graphql } from '../generated/index.ts';
import { linkTo } from '../ui/route.ts';
import { StatusBadge } from '../ui/StatusBadge.tsx';
import { formatDuration, useNow } from '../ui/time.ts';
import { SessionFacts } from './SessionFacts.tsx';

const LIVESTREAM_TILE = graphql(`
  fragment LivestreamTile on Livestream {
    id
    name
    status
    playbackUrl
    createdAt
  }
`);

/** A livestream on the wall. The whole tile is a link to its details. */
export function LivestreamTile({ livestream }: { livestream: FragmentType<LivestreamTileFragment> }) {
  const { data, complete } = useFragment({ fragment: LIVESTREAM_TILE, from: livestream });
  if (!complete) return null;
  const { id, name, status, playbackUrl, createdAt } = data;

  return (
    <article className="tile" data-status={status}>
      <header>
        <StatusBadge status={status} />
        {status === 'LIVE' && <Playback isReady={playbackUrl != null} />}
      </header>
      <h3 title={name ?? undefined}>
        <a href={linkTo({ view: 'wall', livestreamId: id })}>{name ?? 'Unnamed livestream'}</a>
      </h3>
      {status === 'LIVE' ? <SessionFacts livestreamId={id} /> : <Waiting since={createdAt} />}
    </article>
  );
}

function Playback({ isReady }: { isReady: boolean }) {
  return (
    <span className="playback" data-ready={isReady}>
      {isReady ? 'Watch' : 'No playback yet'}
    </span>
  );
}

function Waiting({ since }: { since: string | null | undefined }) {
  const now = useNow();
  return (
    <p className="waiting">
      Waiting for video
      {since != null && ` for ${formatDuration((now - Date.parse(since)) / 1000)}`}
    </p>
  );
}
