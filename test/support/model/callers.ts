import { execute, type ExecutionResult, parse } from 'graphql';
import { createSchema } from 'graphql-yoga';

import { ALL_SCOPES } from '../../../src/auth/viewer.ts';
import type { Context } from '../../../src/graphql/context.ts';
import { createGateway } from '../../../src/server/gateway.ts';
import { typeDefs } from '../../../src/generated/typeDefs.ts';
import { createOperationLoaders } from '../../../src/graphql/loaders/operationLoaders.ts';
import { resolvers } from '../../../src/graphql/resolvers/index.ts';
import { DEFAULT_CACHING } from '../../../src/data/cachingSettings.ts';
import { createDataSource } from '../../../src/data/dataSource.ts';
import { at, asArray } from '../gateway.ts';
import { APP } from '../upstream.ts';
import type { Owner } from './actions.ts';
import { TOKENS, type World } from './world.ts';

/** What a caller got. */
export interface Outcome {
  data: unknown;
  errors: { message: string; path: string; code: unknown; retryAfterSeconds: unknown }[];
  /** Where each of the answers came from that it was made of. */
  sources: unknown[];
}

/** Sends an operation; when `signal` is aborted, its caller has left. */
export type Caller = (owner: Owner, query: string, signal: AbortSignal) => Promise<Outcome>;

const schema = createSchema<Context>({ typeDefs, resolvers });

/** Two credentials' operations on what they have in common. */
export async function createSharedCaller({ transport, clock, baseUrl }: World): Promise<Caller> {
  const upstream = createDataSource({ ...DEFAULT_CACHING, ...optionsOf(baseUrl), transport, clock, random: () => 0 });
  const accounts = { A: await upstream.account(TOKENS.A), B: await upstream.account(TOKENS.B) };
  return async (owner, query, signal) => {
    const loaders = createOperationLoaders(upstream, accounts[owner], signal);
    const result: ExecutionResult = await execute({
      schema,
      document: parse(query),
      contextValue: { loaders, viewer: { id: '', token: null, scopes: ALL_SCOPES } },
    });
    const sources = loaders.report().calls.map(({ source }) => source);
    return outcomeOf({ ...result, extensions: { upstream: { calls: sources.map((source) => ({ source })) } } });
  };
}

/** Sends each credential's operations to a gateway of its own. */
export async function createGatewayCaller({ transport, clock, baseUrl }: World): Promise<Caller> {
  const gatewayOf = (token: string) =>
    createGateway({
      upstream: { ...optionsOf(baseUrl), token },
      transport,
      upstreamReport: true,
      log: () => {},
      graphiql: {},
      clock,
      random: () => 0,
    });
  const gateways = { A: gatewayOf(TOKENS.A), B: gatewayOf(TOKENS.B) };
  // A gateway hashes its token in another thread, which no fake clock waits for: the story begins when that is done.
  for (const gateway of Object.values(gateways)) await gateway.fetch('http://gateway.test/graphql?query={__typename}');
  return async (owner, query, signal) => {
    const response = await gateways[owner].fetch('http://gateway.test/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', 'x-upstream-report': '1' },
      body: JSON.stringify({ query }),
      signal,
    });
    const result: unknown = JSON.parse(await response.text());
    return outcomeOf(result);
  };
}

function optionsOf(baseUrl: string) {
  const { accountId, appId } = APP;
  return { baseUrl, accountId, appId, attemptTimeoutMs: 10_000, totalTimeoutMs: 25_000, requestsPerSecond: 200 };
}

function outcomeOf(result: unknown): Outcome {
  // As a caller gets it: dates and URLs are texts.
  const plain: unknown = JSON.parse(JSON.stringify(result));
  return {
    data: at(plain, 'data') ?? null,
    errors: asArray(at(plain, 'errors') ?? []).map((error) => ({
      message: String(at(error, 'message')),
      path: asArray(at(error, 'path') ?? []).join('.'),
      code: at(error, 'extensions', 'code'),
      retryAfterSeconds: at(error, 'extensions', 'retryAfterSeconds'),
    })),
    sources: asArray(at(plain, 'extensions', 'upstream', 'calls') ?? []).map((call) => at(call, 'source')),
  };
}
