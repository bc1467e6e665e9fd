import type { FragmentType } from '@apollo/client';
import { useFragment } from '@apollo/client/react';

import type { LivestreamRowFragment } from '../generated/graphql.ts';
import { graphql } from '../generated/index.ts';
import { linkTo } from '../ui/route.ts';
import { StatusBadge } from '../ui/StatusBadge.tsx';
import { formatTime } from '../ui/time.ts';

const LIVESTREAM_ROW = graphql(`
  fragment LivestreamRow on Livestream {
    id
    name
    status
    disabled
    createdAt
  }
`);

/** A livestream in the list of all. */
export function LivestreamRow({ livestream }: { livestream: FragmentType<LivestreamRowFragment> }) {
  const { data, complete } = useFragment({ fragment: LIVESTREAM_ROW, from: livestream });
  if (!complete) return null;
  const { id, name, status, disabled, createdAt } = data;
  return (
    <li>
      <StatusBadge status={status} />
      <a href={linkTo({ view: 'all', livestreamId: id })}>{name ?? 'Unnamed livestream'}</a>
      {disabled === true && <span className="tag">Disabled</span>}
      {createdAt != null && <time dateTime={createdAt}>{formatTime(createdAt)}</time>}
    </li>
  );
}
