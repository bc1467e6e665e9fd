import { execute } from 'graphql';
import { createYoga, isAsyncIterable } from 'graphql-yoga';

import { createAuthenticate } from '../../../src/auth/authenticate.ts';
import { createApiKeys } from '../../../src/auth/apiKeys.ts';
import { createResolveCaller } from '../../../src/auth/resolveCaller.ts';
import type { CachingSettings } from '../../../src/data/cachingSettings.ts';
import { createDataSource } from '../../../src/data/dataSource.ts';
import { gatewaySchema } from '../../../src/graphql/schema.ts';
import type { Clock } from '../../../src/lib/clock.ts';
import { followSignal } from '../../../src/lib/cancellation.ts';
import { createLiveSubscriptions, DEFAULT_LIVE_LIMITS } from '../../../src/live/subscriptions.ts';
import type { Transport } from '../../../src/realtimekit/transport.ts';
import { createContext } from '../../../src/server/createContext.ts';
import { createErrorFormatter } from '../../../src/server/formatErrors.ts';
import { REQUEST_ID, requestIdOf } from '../../../src/server/requestState.ts';
import { createRequestRecord, type RequestRecord } from '../../../src/telemetry/requestRecord.ts';
import { ACCOUNT, APP, TOKEN } from '../../support/gateway.ts';
import { listenDuringTest } from '../../support/listen.ts';

interface PlainYogaOptions {
  baseUrl: string;
  transport: Transport;
  clock: Clock;
  caching: CachingSettings;
}

/**
 * Serves the gateway's schema with nothing but Yoga over HTTP, until the test ends: Yoga itself reads requests, validates, executes and
 * writes results. Of the gateway, it has the resolvers, their data source and the format of errors, but no plugin and no response cache.
 */
export async function servePlainYoga({ baseUrl, transport, clock, caching }: PlainYogaOptions): Promise<string> {
  const dataSource = createDataSource({
    ...caching,
    baseUrl,
    accountId: ACCOUNT,
    appId: APP,
    attemptTimeoutMs: 10_000,
    totalTimeoutMs: 25_000,
    requestsPerSecond: 0,
    transport,
    clock,
    random: () => 0,
  });
  const subscriptions = createLiveSubscriptions({ dataSource, clock, ttl: caching.ttl, limits: DEFAULT_LIVE_LIMITS });
  const log = (): void => {};
  const authenticate = createAuthenticate({ kind: 'none' }, { transport, clock, log, apiKeys: createApiKeys([]) });
  const resolveCaller = createResolveCaller({ authenticate, dataSource, token: TOKEN, callerAccounts: null });
  const formatErrors = createErrorFormatter(log, true);

  const yoga = createYoga({
    schema: gatewaySchema(),
    context: async ({ request }) => {
      const caller = await resolveCaller(request);
      const record = recordOf(request);
      return createContext({ caller, record, signal: followSignal(record.signal) }, { dataSource, subscriptions });
    },
    plugins: [
      {
        // As the gateway executes them: the order of errors of fields that fail at the same time is up to the executor.
        onExecute(hook: { setExecuteFn: (fn: typeof execute) => void }) {
          hook.setExecuteFn(execute);
        },
        onResultProcess(hook) {
          const { request, result } = hook;
          if (!isAsyncIterable(result) && !Array.isArray(result))
            hook.setResult(formatErrors(result, recordOf(request)));
        },
      },
    ],
    maskedErrors: false,
    cors: false,
    graphiql: false,
    landingPage: false,
    logging: false,
  });
  return `${await listenDuringTest((request, response) => void yoga(request, response))}/graphql`;
}

function recordOf({ headers, signal }: Request): RequestRecord {
  return createRequestRecord(requestIdOf(headers.get(REQUEST_ID)), signal);
}
