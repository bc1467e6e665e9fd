import { useSyncExternalStore } from 'react';

/** What the page shows. It is in the URL's fragment, so that links, bookmarks and the back button work. */
export interface Route {
  view: 'wall' | 'all';
  /** The id of the livestream that is open, or null. */
  livestreamId: string | null;
}

function readRoute(hash: string): Route {
  const params = new URLSearchParams(hash.slice(1));
  return { view: params.get('view') === 'all' ? 'all' : 'wall', livestreamId: params.get('livestream') };
}

/** The URL of a route, for links. */
export function linkTo({ view, livestreamId }: Route): string {
  const params = new URLSearchParams({ view, ...(livestreamId === null ? {} : { livestream: livestreamId }) });
  return `#${params.toString()}`;
}

/** Shows another route, as a link would. */
export function goTo(route: Route): void {
  window.location.hash = linkTo(route);
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener);
  return () => window.removeEventListener('hashchange', listener);
}

export function useRoute(): Route {
  return readRoute(useSyncExternalStore(subscribe, () => window.location.hash));
}
