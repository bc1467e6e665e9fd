import { LRUCache } from 'lru-cache';

import type { Bus, BusMessage } from '../cluster/bus.ts';
import type { SharedStore } from '../cluster/sharedStore.ts';
import { createStoreClock } from '../cluster/storeClock.ts';
import { type VisibleState, isSameVisibleState } from '../domain/livestreamState.ts';
import type { Livestream } from '../domain/models.ts';
import type { Clock } from '../lib/clock.ts';
import { type Accounts, tokenHashOf } from './account.ts';
import type { Invalidations } from './cache/invalidation.ts';
import { TOKEN_REVOKED } from './cache/tags.ts';
import type { ChangeListener } from './changeFeed.ts';
import type { Ingestion } from './ingestion.ts';

/** How many livestreams' last published states to remember. */
const MAX_LAST_PUBLISHED = 10_000;

export interface ChangePublisherOptions {
  bus: Bus;
  store: SharedStore;
  clock: Clock;
}

/** Publishes to the other replicas what they may not know. */
export function createChangePublisher({ bus, store, clock }: ChangePublisherOptions): ChangeListener {
  const { toStoreTime } = createStoreClock(store, clock);
  /** The states that the other replicas know, by token hash and livestream. */
  const lastPublished = new LRUCache<string, VisibleState>({ max: MAX_LAST_PUBLISHED });

  /** Records the livestream's state as published, and returns whether the state differs from the one published before. */
  function isNewState(tokenHash: string, livestream: Livestream): boolean {
    const { id, status, playbackUrl, name } = livestream;
    const key = `${tokenHash} ${id}`;
    const last = lastPublished.get(key);
    lastPublished.set(key, { status, playbackUrl, name });
    return last === undefined || !isSameVisibleState(last, livestream);
  }

  return {
    onLivestream(accountId, livestream, { logical, wallTime, fromPeer }) {
      const tokenHash = tokenHashOf(accountId);
      if (!isNewState(tokenHash, livestream) || fromPeer) return;
      bus.publish({ kind: 'entity', tokenHash, livestream, logical, wallTime: toStoreTime(wallTime) });
    },
    // Sessions are not published: a replica reads the session of a livestream itself.
    onSession() {},
    onMeeting: (accountId, meetingId, { logical }, pendingName = null) =>
      bus.publish({ kind: 'meeting', tokenHash: tokenHashOf(accountId), meetingId, logical, pendingName }),
    onWebhook: (ids, { logical }) => bus.publish({ kind: 'webhook', ...ids, logical }),
  };
}

export interface RemoteChangesOptions extends ChangePublisherOptions {
  invalidations: Invalidations;
  accounts: Accounts;
  ingestion: Pick<Ingestion, 'ingestRemote' | 'rememberName'>;
  /** This replica's own listeners, without the change publisher: remote changes are not published again. */
  localListeners: ChangeListener;
}

/** Applies what the other replicas publish to this replica's cache, accounts and listeners. */
export function applyRemoteChanges({
  bus,
  store,
  clock,
  invalidations,
  accounts,
  ingestion,
  localListeners,
}: RemoteChangesOptions): void {
  const { toLocalTime } = createStoreClock(store, clock);
  bus.subscribe((message) => {
    if (message.kind === 'invalidate') applyInvalidation(message);
    else if (message.kind === 'gap') invalidations.invalidateAll();
    else if (message.kind === 'webhook')
      localListeners.onWebhook(message, { logical: message.logical, wallTime: clock.now() });
    else if (message.kind === 'meeting') applyMeeting(message);
    else if (message.kind === 'entity') applyEntity(message);
  });

  function applyInvalidation({ tokenHash, tags, logical }: BusMessage & { kind: 'invalidate' }): void {
    invalidations.applyRemote(tokenHash, tags, logical);
    if (tokenHash !== null && tags.includes(TOKEN_REVOKED)) accounts.revoke(tokenHash);
  }

  function applyMeeting({ tokenHash, meetingId, logical, pendingName }: BusMessage & { kind: 'meeting' }): void {
    const accountId = accounts.idOf(tokenHash);
    if (accountId === null) return;
    if (pendingName !== null) ingestion.rememberName(accountId, pendingName);
    localListeners.onMeeting(accountId, meetingId, { logical, wallTime: clock.now() });
  }

  function applyEntity({ tokenHash, livestream, logical, wallTime }: BusMessage & { kind: 'entity' }): void {
    const accountId = accounts.idOf(tokenHash);
    const timestamp = { logical, wallTime: toLocalTime(wallTime), fromPeer: true } as const;
    if (accountId !== null) ingestion.ingestRemote(accountId, livestream, timestamp);
  }
}
