import { unauthenticated } from '../auth/authErrors.ts';
import type { Viewer } from '../auth/viewer.ts';
import { type CancellationSignal, followSignal } from '../lib/cancellation.ts';
import type { LiveSubscription } from '../live/types.ts';

/**
 * Opens a subscription that fails with `UNAUTHENTICATED` when the viewer's credential expires or is withdrawn: its client gets the error
 * as the last event. `subscribe` must end the subscription when the signal that it gets is aborted, as it is with `signal`.
 */
export async function subscribeWhileValid(
  { viewer, signal }: { viewer: Viewer; signal: CancellationSignal },
  subscribe: (signal: CancellationSignal) => Promise<LiveSubscription>,
): Promise<LiveSubscription> {
  const { onCredentialEnd } = viewer;
  if (onCredentialEnd === undefined) return subscribe(signal);
  const ending = followSignal(signal);
  let failure: Error | null = null;
  const stopWaiting = onCredentialEnd(() => {
    failure = unauthenticated('The credential has expired or was withdrawn: subscribe again with a valid one.');
    ending.abort(failure);
  });
  ending.addEventListener('abort', stopWaiting);
  const end = (reason: unknown): never => {
    ending.abort(reason);
    throw reason;
  };
  const subscription = await subscribe(ending).catch(end);
  const whileValid: LiveSubscription = {
    nack: (livestreamId) => subscription.nack(livestreamId),
    async next() {
      const result = await subscription.next().catch(end);
      if (result.done !== true || failure === null) return result;
      const error = failure;
      failure = null;
      throw error;
    },
    async return() {
      ending.abort(null);
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => whileValid,
  };
  return whileValid;
}
