import type { Caller } from '../auth/resolveCaller.ts';
import type { DataSource } from '../data/dataSource.ts';
import type { RequestOrigin } from '../data/operation.ts';
import type { Context } from '../graphql/context.ts';
import { OperationLoaders } from '../graphql/loaders/operationLoaders.ts';
import { followSignal } from '../lib/cancellation.ts';
import type { LiveSubscriptions } from '../live/subscriptions.ts';
import type { RequestRecord } from '../telemetry/requestRecord.ts';
import { subscribeWhileValid } from './subscribeWhileValid.ts';

/** Creates the context of an operation's resolvers. `reading`: what caches in front of the gateway need to know, and how fresh. */
export function createContext(
  { viewer, account, subscriptionAccount }: Caller,
  record: RequestRecord,
  { dataSource, subscriptions }: { dataSource: DataSource; subscriptions: LiveSubscriptions },
  reading: Pick<RequestOrigin, 'tags' | 'minFreshMs'> = {},
): Context {
  // Every access to the HTTP server's own signal is slow, and each read takes several.
  const signal = followSignal(record.signal);
  const { counters, span } = record;
  return {
    viewer,
    loaders: new OperationLoaders(dataSource, account, signal, { ...reading, counters, span }),
    // Without the span: a subscription can last for days, and its trace would never be complete.
    createLoaders: () => new OperationLoaders(dataSource, account, signal, { counters }),
    subscribeTo: async (target) =>
      subscribeWhileValid({ viewer, signal }, async (ending) =>
        subscriptions.subscribe(subscriptionAccount, `${account.id} ${viewer.id}`, target, ending),
      ),
  };
}
