import type { Context } from '../graphql/context.ts';
import type { LiveSubscriptions } from '../live/subscriptions.ts';
import { createLoaders } from '../graphql/loaders/operationLoaders.ts';
import { callerOf } from './plugins/useAuthentication.ts';
import { recordOf } from '../telemetry/requestRecord.ts';
import type { DataSource } from '../data/dataSource.ts';

/** What resolvers get for a request whose caller is known. */
export function createContext(
  request: Request,
  { upstream, watch }: { upstream: DataSource; watch: LiveSubscriptions },
): Context {
  const { viewer, account } = callerOf(request);
  const signal = forwardAbort(request.signal);
  const { counters, span } = recordOf(request);
  return {
    viewer,
    loaders: createLoaders(upstream, account, signal, { counters, span }),
    // A subscription can last for days, and a trace cannot.
    createLoaders: () => createLoaders(upstream, account, signal, { counters }),
    watch: async (target) => watch.subscribe(account, `${account.id} ${viewer.id}`, target, signal),
  };
}

/** A plain signal that follows the server's own, which costs much at every look: each read takes several. */
function forwardAbort(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return controller.signal;
}
