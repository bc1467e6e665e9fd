import type { Caller } from '../auth/resolveCaller.ts';
import type { DataSource } from '../data/dataSource.ts';
import type { RequestOrigin } from '../data/operation.ts';
import type { Context } from '../graphql/context.ts';
import { OperationLoaders } from '../graphql/loaders/operationLoaders.ts';
import type { CancellationSignal } from '../lib/cancellation.ts';
import type { LiveSubscriptions } from '../live/subscriptions.ts';
import type { RequestRecord } from '../telemetry/requestRecord.ts';
import { subscribeWhileValid } from './subscribeWhileValid.ts';

/** The request that contains an operation. */
export interface OperationSource {
  caller: Caller;
  record: RequestRecord;
  /** Cancels the operation's reads, as far as no other operation waits for them. */
  signal: CancellationSignal;
  /** What caches in front of the gateway need to know, and how fresh. */
  reading?: Pick<RequestOrigin, 'tags' | 'minFreshMs'> | undefined;
}

/** Creates the context of an operation's resolvers. */
export function createContext(
  { caller, record, signal, reading }: OperationSource,
  { dataSource, subscriptions }: { dataSource: DataSource; subscriptions: LiveSubscriptions },
): Context {
  const { viewer, account, subscriptionAccount } = caller;
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
