import type { ActualLivestream } from './sandboxObserver.ts';
import type { SoakSubscriber, SubscriptionArguments } from './soakSubscriber.ts';

/**
 * Describes each livestream whose last received state differs from the actual state, or that the subscriber should have received
 * and has not. Returns an empty list if the subscriber is up to date.
 */
export function findStaleStates(
  { transport, target, receivedStates }: Pick<SoakSubscriber, 'transport' | 'target' | 'receivedStates'>,
  livestreams: readonly ActualLivestream[],
): string[] {
  return livestreams.flatMap((livestream) => {
    const received = receivedStates.get(livestream.id);
    if (received === livestream.state || (received === undefined && !mustReceive(target, livestream))) return [];
    const subscriber = `${transport} ${describeTarget(target)}`;
    return [`${subscriber}: received ${received ?? 'nothing'}, actual state ${livestream.state}`];
  });
}

/** A subscriber of one livestream receives any state of it; other subscribers receive only livestreams that are active. */
function mustReceive({ livestreamId, meetingId }: SubscriptionArguments, livestream: ActualLivestream): boolean {
  if (livestreamId !== null) return livestreamId === livestream.id;
  return livestream.isActive && (meetingId === null || meetingId === livestream.meetingId);
}

function describeTarget({ livestreamId, meetingId }: SubscriptionArguments): string {
  return livestreamId ?? meetingId ?? 'all livestreams';
}
