import type { Context } from '../graphql/context.ts';
import type { Watch } from '../live/subscriptions.ts';
import { createLoaders } from '../graphql/loaders/operationLoaders.ts';
import { callerOf } from './plugins/useAuthentication.ts';
import { noteOf } from '../telemetry/requestRecord.ts';
import type { Upstream } from '../data/dataSource.ts';

/** What resolvers get for a request whose caller is known. */
export function contextOf(request: Request, { upstream, watch }: { upstream: Upstream; watch: Watch }): Context {
  const { viewer, account } = callerOf(request);
  const signal = following(request.signal);
  const { tally, span } = noteOf(request);
  return {
    viewer,
    loaders: createLoaders(upstream, account, signal, { tally, span }),
    // A subscription can last for days, and a trace cannot.
    createLoaders: () => createLoaders(upstream, account, signal, { tally }),
    watch: async (target) => watch.subscribe(account, `${account.id} ${viewer.id}`, target, signal),
  };
}

/** A plain signal that follows the server's own, which costs much at every look: each read takes several. */
function following(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return controller.signal;
}
