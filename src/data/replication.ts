import type { BusMessage } from '../cluster/bus.ts';
import type { Peers } from '../cluster/peers.ts';
import { type Accounts, tokenHashOf } from './account.ts';
import type { Invalidations } from './cache/invalidation.ts';
import { TOKEN_REVOKED } from './cache/tags.ts';
import type { ChangeListener } from './changeFeed.ts';
import type { Ingestion } from './ingestion.ts';

/** Publishes to the other replicas what they may not know. */
export function createChangePublisher({ bus, toStoreTime }: Peers): Omit<ChangeListener, 'onGap'> {
  return {
    // Sessions are not published: a replica reads the session of a livestream itself.
    onRead(accountId, { livestream, isChanged }, { logical, wallTime, fromPeer }) {
      if (livestream === undefined || !isChanged || fromPeer) return;
      const tokenHash = tokenHashOf(accountId);
      bus.publish({ kind: 'entity', tokenHash, livestream, logical, wallTime: toStoreTime(wallTime) });
    },
    onMeeting: (accountId, meetingId, { logical }, pendingName = null) =>
      bus.publish({ kind: 'meeting', tokenHash: tokenHashOf(accountId), meetingId, logical, pendingName }),
    onWebhook: (ids, { logical }) => bus.publish({ kind: 'webhook', ...ids, logical }),
  };
}

interface RemoteChangesOptions {
  invalidations: Invalidations;
  accounts: Accounts;
  ingestion: Pick<Ingestion, 'ingestRemote' | 'rememberName'>;
  /** This replica's own listeners, without the change publisher: remote changes are not published again. */
  localListeners: ChangeListener;
}

/** Applies what the other replicas publish to this replica's cache, accounts and listeners. */
export function applyRemoteChanges(
  { bus, clock, toLocalTime }: Peers,
  { invalidations, accounts, ingestion, localListeners }: RemoteChangesOptions,
): void {
  bus.subscribe((message) => {
    if (message.kind === 'invalidate') applyInvalidation(message);
    else if (message.kind === 'gap') applyGap();
    else if (message.kind === 'webhook')
      localListeners.onWebhook(message, { logical: message.logical, wallTime: clock.now() });
    else if (message.kind === 'meeting') applyMeeting(message);
    else if (message.kind === 'entity') applyEntity(message);
  });

  function applyGap(): void {
    invalidations.invalidateAll();
    localListeners.onGap();
  }

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
