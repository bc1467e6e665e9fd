import { type VisibleState, isSameVisibleState } from '../domain/livestreamState.ts';
import { LRUCache } from 'lru-cache';

import type { Clock } from '../lib/clock.ts';
import type { Livestream } from '../domain/models.ts';
import type { SharedStore } from '../cluster/sharedStore.ts';
import { type Accounts, tokenHashOf } from './account.ts';
import type { Invalidations } from './cache/invalidation.ts';
import type { ChangeListener } from './changeFeed.ts';
import type { EntityReads } from './entityReads.ts';
import type { BusMessage, Bus } from '../cluster/bus.ts';
import { TOKEN_REVOKED } from './cache/tags.ts';
import { createStoreClock } from '../cluster/storeClock.ts';

/** How many livestreams it is remembered of how the others know them. */
const MAX_LAST_PUBLISHED = 10_000;

export interface PublisherOptions {
  bus: Bus;
  store: SharedStore;
  clock: Clock;
}

/** Tells the other replicas what is new to them. */
export function createPublisher({ bus, store, clock }: PublisherOptions): ChangeListener {
  const { toStoreTime } = createStoreClock(store, clock);
  const lastPublished = new LRUCache<string, VisibleState>({ max: MAX_LAST_PUBLISHED });

  /** Whether the others know it otherwise, or not at all. */
  function isNews(hash: string, livestream: Livestream): boolean {
    const { id, status, playbackUrl, name } = livestream;
    const key = `${hash} ${id}`;
    const known = lastPublished.get(key);
    lastPublished.set(key, { status, playbackUrl, name });
    return known === undefined || !isSameVisibleState(known, livestream);
  }

  return {
    onLivestream(accountId, livestream, { logical, wallTime, fromPeer }) {
      const hash = tokenHashOf(accountId);
      if (!isNews(hash, livestream) || fromPeer) return;
      bus.publish({ kind: 'seen', hash, livestream, order: logical, at: toStoreTime(wallTime) });
    },
    onSession() {},
    onMeeting: (accountId, meetingId, { logical }, named = null) =>
      bus.publish({ kind: 'meeting', hash: tokenHashOf(accountId), meetingId, order: logical, named }),
    onWebhook: (ids, { logical }) => bus.publish({ kind: 'told', ...ids, order: logical }),
  };
}

export interface RemoteChangesOptions extends PublisherOptions {
  changes: Invalidations;
  accounts: Accounts;
  reads: Pick<EntityReads, 'applyRemoteEntity' | 'applyRemoteName'>;
  /** Those here who want to know. */
  observers: ChangeListener;
}

/** Puts what the other replicas tell where it belongs. */
export function applyRemoteChanges({
  bus,
  changes,
  accounts,
  reads,
  observers,
  store,
  clock,
}: RemoteChangesOptions): void {
  const { toLocalTime } = createStoreClock(store, clock);
  bus.subscribe((news) => {
    if (news.kind === 'changed') hearOfChange(news);
    else if (news.kind === 'missed') changes.invalidateAll();
    else if (news.kind === 'told') observers.onWebhook(news, { logical: news.order, wallTime: clock.now() });
    else if (news.kind === 'meeting') hearOfMeeting(news);
    else if (news.kind === 'seen') hearOfLivestream(news);
  });

  function hearOfChange({ hash, tags, order }: BusMessage & { kind: 'changed' }): void {
    changes.applyRemote(hash, tags, order);
    if (hash !== null && tags.includes(TOKEN_REVOKED)) accounts.revoke(hash);
  }

  function hearOfMeeting({ hash, meetingId, order: logical, named }: BusMessage & { kind: 'meeting' }): void {
    const accountId = accounts.idOf(hash);
    if (accountId === null) return;
    if (named !== null) reads.applyRemoteName(accountId, named);
    observers.onMeeting(accountId, meetingId, { logical, wallTime: clock.now() });
  }

  function hearOfLivestream({ hash, livestream, order, at }: BusMessage & { kind: 'seen' }): void {
    const accountId = accounts.idOf(hash);
    const moment = { logical: order, wallTime: toLocalTime(at), fromPeer: true } as const;
    if (accountId !== null) reads.applyRemoteEntity(accountId, livestream, moment);
  }
}
