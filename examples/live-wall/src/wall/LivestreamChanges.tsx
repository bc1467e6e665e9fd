import type { ErrorLike } from '@apollo/client';
import { useApolloClient, useSubscription } from '@apollo/client/react';
import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef, useState } from 'react';

import { graphql } from '../generated/index.ts';
import type { LivestreamChangesSubscription } from '../generated/graphql.ts';
import { onReconnect } from '../graphql/connection.ts';
import { announce } from '../ui/Announcer.tsx';

/** A livestream that has changed. Its details are masked: components read them from the cache, by their own fragments. */
type Change = LivestreamChangesSubscription['livestreamUpdated'];

/**
 * How often the list of the livestreams with each status has changed since the page was opened, and that of `all` livestreams. A list
 * that has not changed is absent.
 */
type Revisions = Readonly<Partial<Record<Change['status'] | 'all', number>>>;

interface Changes {
  /** All livestreams that are active. */
  livestreams: readonly Change[];
  /** Whether the first events have arrived, which are the present state. */
  isSynced: boolean;
  revisions: Revisions;
  /** Why the subscription has ended, if it has. A lost connection is no reason: it is made again. */
  error: ErrorLike | undefined;
  restart: () => void;
}

/** Everything that the list of active livestreams contains, so that an event costs no upstream request. No session: that would cost one for each livestream. */
const LIVESTREAM_CHANGES = graphql(`
  subscription LivestreamChanges {
    livestreamUpdated {
      id
      name
      status
      ...WallMember
      ...LivestreamTile
    }
  }
`);

/** The first events come all at once, one for each livestream: the page is updated once, when no more of them arrive. */
const BATCH_MS = 50;
const ACTIVE: ReadonlySet<Change['status']> = new Set(['INVOKED', 'LIVE']);
const SENTENCES = new Map<Change['status'], string>([
  ['INVOKED', 'is starting'],
  ['LIVE', 'is live'],
  ['ERRORED', 'has failed'],
  ['IDLE', 'has ended'],
  ['OFFLINE', 'has ended'],
]);

const ChangesContext = createContext<Changes>({
  livestreams: [],
  isSynced: false,
  revisions: {},
  error: undefined,
  restart: () => {},
});

/** What the subscription has reported, for the components that show which livestreams there are. */
export const useLivestreamChanges = (): Changes => useContext(ChangesContext);

/** Subscribes to all livestreams. Apollo Client writes each event to its cache, from where it reaches every component that shows the livestream. */
export function LivestreamChanges({ children }: { children: ReactNode }) {
  const client = useApolloClient();
  const [livestreams, setLivestreams] = useState<readonly Change[]>([]);
  const [isSynced, setIsSynced] = useState(false);
  const [error, setError] = useState<ErrorLike>();
  const [revisions, setRevisions] = useState<Revisions>({});
  const latest = useRef(new Map<string, Change>());
  const areNews = useRef(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  function flush(): void {
    timer.current = undefined;
    areNews.current = true;
    setIsSynced(true);
    setLivestreams([...latest.current.values()]);
  }

  function take(change: Change): void {
    const previous = latest.current.get(change.id);
    if (ACTIVE.has(change.status)) latest.current.set(change.id, change);
    else latest.current.delete(change.id);
    if (!areNews.current) {
      // The first events are the present state, not news.
      clearTimeout(timer.current);
      timer.current = setTimeout(flush, BATCH_MS);
      return;
    }
    timer.current ??= setTimeout(flush, BATCH_MS);
    if (previous?.status === change.status) return;
    const sentence = SENTENCES.get(change.status);
    if (sentence !== undefined) announce(`${change.name ?? 'A livestream'} ${sentence}.`);
    const from = previous?.status ?? 'all';
    setRevisions(({ [from]: left = 0, [change.status]: entered = 0, ...others }) => ({
      ...others,
      [from]: left + 1,
      [change.status]: entered + 1,
    }));
  }

  // What ended while the connection was lost is in no event: forget everything, and read again what the page shows.
  useEffect(
    () =>
      onReconnect(() => {
        clearTimeout(timer.current);
        timer.current = undefined;
        latest.current.clear();
        areNews.current = false;
        setIsSynced(false);
        setLivestreams([]);
        void client.refetchQueries({ include: 'active' });
      }),
    [client],
  );

  const { restart: resubscribe } = useSubscription(LIVESTREAM_CHANGES, {
    // One render for many events, by `flush`; without this, there is one for each.
    ignoreResults: true,
    onError: setError,
    onData: ({ data: { data } }) => data !== undefined && take(data.livestreamUpdated),
  });

  const changes = useMemo(
    () => ({
      livestreams,
      isSynced,
      revisions,
      error,
      restart() {
        setError(undefined);
        resubscribe();
      },
    }),
    [livestreams, isSynced, revisions, error, resubscribe],
  );
  return <ChangesContext value={changes}>{children}</ChangesContext>;
}
