import type { DataSource } from '../data/dataSource.ts';
import type { Context } from '../graphql/context.ts';
import { OperationLoaders } from '../graphql/loaders/operationLoaders.ts';
import type { LiveSubscriptions } from '../live/subscriptions.ts';
import { recordOf } from '../telemetry/requestRecord.ts';
import { callerOf } from './plugins/useAuthentication.ts';

/** Creates the context of an operation's resolvers. The caller of the request must have been authenticated. */
export function createContext(
  request: Request,
  { dataSource, subscriptions }: { dataSource: DataSource; subscriptions: LiveSubscriptions },
): Context {
  const { viewer, account } = callerOf(request);
  const signal = createFollowingSignal(request.signal);
  const { counters, span } = recordOf(request);
  return {
    viewer,
    loaders: new OperationLoaders(dataSource, account, signal, { counters, span }),
    // Without the span: a subscription can last for days, and its trace would never be complete.
    createLoaders: () => new OperationLoaders(dataSource, account, signal, { counters }),
    subscribeTo: async (target) => subscriptions.subscribe(account, `${account.id} ${viewer.id}`, target, signal),
  };
}

/**
 * Returns a native signal that aborts with `signal`. Every access to the HTTP server's own signal is slow, and each read takes
 * several.
 */
function createFollowingSignal(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return controller.signal;
}
