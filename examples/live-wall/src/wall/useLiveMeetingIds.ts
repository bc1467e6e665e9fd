import { useFragment } from '@apollo/client/react';

import { useLivestreamChanges } from './LivestreamChanges.tsx';
import { WALL_MEMBER } from './Wall.tsx';

/** The ids of the meetings that are live, as far as the subscription has reported. They are in the cache: this costs nothing. */
export function useLiveMeetingIds(): ReadonlySet<string | undefined> {
  const { livestreams } = useLivestreamChanges();
  const { data, complete } = useFragment({ fragment: WALL_MEMBER, from: [...livestreams] });
  const live = complete ? data.filter(({ status }) => status === 'LIVE' || status === 'INVOKED') : [];
  return new Set(live.map(({ meeting }) => meeting?.id));
}
