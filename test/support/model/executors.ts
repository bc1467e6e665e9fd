import { execute, type ExecutionResult, parse } from 'graphql';
import { createSchema } from 'graphql-yoga';

import { ALL_SCOPES } from '../../../src/auth/viewer.ts';
import type { Context } from '../../../src/graphql/context.ts';
import { createGateway } from '../../../src/server/gateway.ts';
import { typeDefs } from '../../../src/generated/typeDefs.ts';
import { OperationLoaders } from '../../../src/graphql/loaders/operationLoaders.ts';
import { resolvers } from '../../../src/graphql/resolvers/index.ts';
import { DEFAULT_CACHING } from '../../../src/data/cachingSettings.ts';
import { createDataSource } from '../../../src/data/dataSource.ts';
import { at, asArray } from '../gateway.ts';
import { APP } from '../upstream.ts';
import type { Credential } from './actions.ts';
import { TOKENS, type ModelWorld } from './world.ts';

/** What a caller received. */
export interface OperationOutcome {
  data: unknown;
  errors: { message: string; path: string; code: unknown; retryAfterSeconds: unknown }[];
  /** The source of each upstream response that the result consists of: `network`, `cache`, `stale` or `coalesced`. */
  sources: unknown[];
}

/** Executes an operation with a credential. Aborting `signal` stands for a caller that disconnects. */
export type Executor = (credential: Credential, query: string, signal: AbortSignal) => Promise<OperationOutcome>;

const schema = createSchema<Context>({ typeDefs, resolvers });

/** Executes the operations of both credentials on one data source, without HTTP. */
export async function createSharedExecutor({ transport, clock, baseUrl }: ModelWorld): Promise<Executor> {
  const dataSource = createDataSource({ ...DEFAULT_CACHING, ...optionsOf(baseUrl), transport, clock, random: () => 0 });
  const accounts = { A: await dataSource.account(TOKENS.A), B: await dataSource.account(TOKENS.B) };
  return async (credential, query, signal) => {
    const loaders = new OperationLoaders(dataSource, accounts[credential], signal);
    const result: ExecutionResult = await execute({
      schema,
      document: parse(query),
      contextValue: { loaders, viewer: { id: '', token: null, scopes: ALL_SCOPES } },
    });
    const sources = loaders.report().calls.map(({ source }) => source);
    return outcomeOf({ ...result, extensions: { upstream: { calls: sources.map((source) => ({ source })) } } });
  };
}

/** Sends the operations of each credential to a gateway of its own. */
export async function createGatewayExecutor({ transport, clock, baseUrl }: ModelWorld): Promise<Executor> {
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
  // A gateway hashes its token in another thread, which the fake clock does not wait for. Let it finish before the scenario starts.
  for (const gateway of Object.values(gateways)) await gateway.fetch('http://gateway.test/graphql?query={__typename}');
  return async (credential, query, signal) => {
    const response = await gateways[credential].fetch('http://gateway.test/graphql', {
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

function outcomeOf(result: unknown): OperationOutcome {
  // Serialized as for a caller: dates and URLs become strings.
  const json: unknown = JSON.parse(JSON.stringify(result));
  return {
    data: at(json, 'data') ?? null,
    errors: asArray(at(json, 'errors') ?? []).map((error) => ({
      message: String(at(error, 'message')),
      path: asArray(at(error, 'path') ?? []).join('.'),
      code: at(error, 'extensions', 'code'),
      retryAfterSeconds: at(error, 'extensions', 'retryAfterSeconds'),
    })),
    sources: asArray(at(json, 'extensions', 'upstream', 'calls') ?? []).map((call) => at(call, 'source')),
  };
}
