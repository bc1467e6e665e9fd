import { type VisibleState, isSameVisibleState } from '../domain/livestreamState.ts';
import { LRUCache } from 'lru-cache';

import type { Clock } from '../lib/clock.ts';
import type { Livestream } from '../domain/models.ts';
import type { SharedStore } from '../cluster/sharedStore.ts';
import { type Accounts, tokenHashOf } from './account.ts';
import type { Changes } from './cache/invalidation.ts';
import type { Observer } from './changeFeed.ts';
import type { Reads } from './entityReads.ts';
import type { News, Replicas } from '../cluster/bus.ts';
import { REFUSED } from './cache/tags.ts';
import { createStoreTime } from '../cluster/storeClock.ts';

/** How many livestreams it is remembered of how the others know them. */
const MOST_LOOKS = 10_000;

export interface TellingOptions {
  replicas: Replicas;
  store: SharedStore;
  clock: Clock;
}

/** Tells the other replicas what is new to them. */
export function createTelling({ replicas, store, clock }: TellingOptions): Observer {
  const { atStore } = createStoreTime(store, clock);
  const looks = new LRUCache<string, VisibleState>({ max: MOST_LOOKS });

  /** Whether the others know it otherwise, or not at all. */
  function isNews(hash: string, livestream: Livestream): boolean {
    const { id, status, playbackUrl, name } = livestream;
    const key = `${hash} ${id}`;
    const known = looks.get(key);
    looks.set(key, { status, playbackUrl, name });
    return known === undefined || !isSameVisibleState(known, livestream);
  }

  return {
    livestream(accountId, livestream, { order, at, isShared }) {
      const hash = tokenHashOf(accountId);
      if (!isNews(hash, livestream) || isShared) return;
      replicas.tell({ kind: 'seen', hash, livestream, order, at: atStore(at) });
    },
    session() {},
    meeting: (accountId, meetingId, { order }, named = null) =>
      replicas.tell({ kind: 'meeting', hash: tokenHashOf(accountId), meetingId, order, named }),
    told: (ids, { order }) => replicas.tell({ kind: 'told', ...ids, order }),
  };
}

export interface HearingOptions extends TellingOptions {
  changes: Changes;
  accounts: Accounts;
  reads: Pick<Reads, 'seenElsewhere' | 'namedElsewhere'>;
  /** Those here who want to know. */
  observers: Observer;
}

/** Puts what the other replicas tell where it belongs. */
export function hearOthers({ replicas, changes, accounts, reads, observers, store, clock }: HearingOptions): void {
  const { atHome } = createStoreTime(store, clock);
  replicas.listen((news) => {
    if (news.kind === 'changed') hearOfChange(news);
    else if (news.kind === 'missed') changes.missedSome();
    else if (news.kind === 'told') observers.told(news, { order: news.order, at: clock.now() });
    else if (news.kind === 'meeting') hearOfMeeting(news);
    else if (news.kind === 'seen') hearOfLivestream(news);
  });

  function hearOfChange({ hash, tags, order }: News & { kind: 'changed' }): void {
    changes.changedElsewhere(hash, tags, order);
    if (hash !== null && tags.includes(REFUSED)) accounts.revoke(hash);
  }

  function hearOfMeeting({ hash, meetingId, order, named }: News & { kind: 'meeting' }): void {
    const accountId = accounts.idOf(hash);
    if (accountId === null) return;
    if (named !== null) reads.namedElsewhere(accountId, named);
    observers.meeting(accountId, meetingId, { order, at: clock.now() });
  }

  function hearOfLivestream({ hash, livestream, order, at }: News & { kind: 'seen' }): void {
    const accountId = accounts.idOf(hash);
    const moment = { order, at: atHome(at), isShared: true } as const;
    if (accountId !== null) reads.seenElsewhere(accountId, livestream, moment);
  }
}
