import { createSchema, createYoga, type GraphiQLOptions } from 'graphql-yoga';

import { type Clock, systemClock } from './clock.ts';
import type { Context } from './context.ts';
import { typeDefs } from './generated/typeDefs.ts';
import { createLoaders } from './loaders.ts';
import { renderGraphiQL } from './graphiql.ts';
import type { Log } from './log.ts';
import { useBodyLimit } from './plugins/useBodyLimit.ts';
import { useErrorCodes } from './plugins/useErrorCodes.ts';
import { useKeptAnswers } from './plugins/useKeptAnswers.ts';
import { useReadiness } from './plugins/useReadiness.ts';
import { useRequestId } from './plugins/useRequestId.ts';
import { useUpstreamReport } from './plugins/useUpstreamReport.ts';
import { resolvers } from './resolvers/index.ts';
import type { ClientSettings } from './upstream/client.ts';
import { DEFAULT_ECONOMY, type EconomySettings } from './upstream/economy.ts';
import type { Transport } from './upstream/transport.ts';
import { createUpstream } from './upstream/upstream.ts';

/** Which app is served, with which credential, and how patiently. */
export interface UpstreamSettings extends ClientSettings {
  /** Secret. */
  token: string;
}

export interface GatewayOptions {
  upstream: UpstreamSettings;
  /** How answers are kept and requests are spent; what is left out is as by default. */
  economy?: Partial<EconomySettings>;
  /** Whether callers may ask what their operations cost. */
  reports?: boolean;
  transport: Transport;
  log: Log;
  /** GraphiQL's look and its first tabs. */
  graphiql: GraphiQLOptions;
  /** False while no new work is wanted: `GET /ready` then answers 503. */
  isReady?: () => boolean;
  clock?: Clock;
  /** From 0 to 1, for the jitter of waits. */
  random?: () => number;
}

/** Puts the gateway together. What it gives has `fetch`, and is itself a listener for `node:http`. */
export function createGateway(options: GatewayOptions) {
  const { transport, log, graphiql, reports = false } = options;
  const { isReady = () => true, clock = systemClock, random = Math.random } = options;
  const { token, ...client } = options.upstream;
  const upstream = createUpstream({ ...client, ...DEFAULT_ECONOMY, ...options.economy, transport, clock, random });
  const account = upstream.account(token);
  /** Known from the first operation on. */
  let accountId: string | undefined;
  const contextOf = async (signal: AbortSignal): Promise<Context> => {
    const payer = await account;
    accountId = payer.id;
    return { loaders: createLoaders(upstream, payer, following(signal)) };
  };

  return createYoga<object, Context>({
    schema: createSchema<Context>({ typeDefs, resolvers }),
    context: ({ request }) => contextOf(request.signal),
    graphiql,
    renderGraphiQL,
    landingPage: ({ url, graphqlEndpoint, fetchAPI }) =>
      url.pathname === '/'
        ? new fetchAPI.Response(null, { status: 302, headers: { location: graphqlEndpoint } })
        : new fetchAPI.Response('There is nothing here. GraphQL is at /graphql.\n', { status: 404 }),
    cors: false,
    multipart: false,
    // useBodyLimit does it at a fraction of the cost.
    maxRequestBodySize: false,
    // useErrorCodes masks, since it knows the request that an error belongs to.
    maskedErrors: false,
    logging: false,
    plugins: [
      useRequestId(),
      useBodyLimit(),
      useReadiness(isReady),
      ...(reports ? [useUpstreamReport()] : []),
      useKeptAnswers((question) => (accountId === undefined ? undefined : upstream.answers.find(accountId, question))),
      // Last, so that it sees the errors of all the others.
      useErrorCodes(log),
    ],
  });
}

/** A plain signal that follows the server's own, which costs much at every look: each read takes several. */
function following(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return controller.signal;
}

export type Gateway = ReturnType<typeof createGateway>;
