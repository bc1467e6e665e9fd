import type { WallMemberFragment } from '../generated/graphql.ts';

/** A page of the list of livestreams that are live, newest first, as it was when it was read. */
export interface WallPage {
  ids: ReadonlySet<string>;
  isFirst: boolean;
  hasNextPage: boolean;
}

/** What the wall shows: ids of livestreams, newest first. */
export interface WallArrangement {
  starting: string[];
  live: string[];
}

/**
 * Sorts the known livestreams into those that wait for their first video and those of the page that are live now. The page was
 * read at some time; since then, livestreams have ended, and others have gone live. `members` are those of the page and all that
 * the subscription has reported. Those that belong between the page's first and last livestream are shown on it.
 */
export function arrangeWall(members: readonly WallMemberFragment[], page: WallPage): WallArrangement {
  const ofPage = members.filter(({ id }) => page.ids.has(id)).map(({ createdAt }) => createdAt ?? '');
  const oldest = page.hasNextPage ? ofPage.reduce((one, other) => (one < other ? one : other), '9999') : '';
  const newest = page.isFirst ? '9999' : ofPage.reduce((one, other) => (one > other ? one : other), '');
  const isOnPage = ({ id, createdAt }: WallMemberFragment): boolean =>
    page.ids.has(id) || ((createdAt ?? '') >= oldest && (createdAt ?? '') <= newest);
  const sorted = members.toSorted((one, other) => (other.createdAt ?? '').localeCompare(one.createdAt ?? ''));
  return {
    starting: sorted.filter(({ status }) => status === 'INVOKED').map(({ id }) => id),
    live: sorted.filter((member) => member.status === 'LIVE' && isOnPage(member)).map(({ id }) => id),
  };
}
