import {
  createSchema,
  createYoga,
  type GraphiQLOptions,
  useExecutionCancellation,
  useReadinessCheck,
} from 'graphql-yoga';

import { type Clock, systemClock } from './clock.ts';
import type { Context } from './context.ts';
import { typeDefs } from './generated/typeDefs.ts';
import { createLoaders } from './loaders.ts';
import { renderGraphiQL } from './graphiql.ts';
import type { Log } from './log.ts';
import { useErrorCodes } from './plugins/useErrorCodes.ts';
import { useRequestId } from './plugins/useRequestId.ts';
import { resolvers } from './resolvers/index.ts';
import type { UpstreamSettings } from './upstream/client.ts';
import type { Transport } from './upstream/transport.ts';
import { createUpstream } from './upstream/upstream.ts';

/** A caller's body that is longer is refused: 1 MB. */
const MOST_REQUEST_BYTES = 1_000_000;

export interface GatewayOptions {
  upstream: UpstreamSettings;
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
  const { transport, log, graphiql, isReady = () => true, clock = systemClock, random = Math.random } = options;
  const upstream = createUpstream({ ...options.upstream, transport, clock, random });

  return createYoga<object, Context>({
    schema: createSchema<Context>({ typeDefs, resolvers }),
    context: ({ request }) => ({ loaders: createLoaders(upstream, request.signal) }),
    graphiql,
    renderGraphiQL,
    landingPage: ({ url, graphqlEndpoint, fetchAPI }) =>
      url.pathname === '/'
        ? new fetchAPI.Response(null, { status: 302, headers: { location: graphqlEndpoint } })
        : new fetchAPI.Response('There is nothing here. GraphQL is at /graphql.\n', { status: 404 }),
    cors: false,
    multipart: false,
    maxRequestBodySize: MOST_REQUEST_BYTES,
    // useErrorCodes masks, since it knows the request that an error belongs to.
    maskedErrors: false,
    logging: false,
    plugins: [
      useRequestId(),
      useReadinessCheck({ check: isReady }),
      // A caller who left waits for nothing: no further resolver runs for them.
      useExecutionCancellation(),
      // Last, so that it sees the errors of all the others.
      useErrorCodes(log),
    ],
  });
}

export type Gateway = ReturnType<typeof createGateway>;
