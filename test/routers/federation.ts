import { AGENDA_SDL } from '../../examples/agenda.ts';
import { subgraphSdl } from '../../src/graphql/subgraphSdl.ts';
import type { GatewayOptions } from '../../src/server/gateway.ts';
import { asArray, at } from '../support/gateway.ts';
import { startAgendaSubgraph } from './agendaSubgraph.ts';
import { startLivestreamsSubgraph } from './livestreamsSubgraph.ts';
import { APOLLO_GATEWAY, HIVE_GATEWAY, type Router, type RouterKind, startRouter } from './startRouter.ts';
import { type Compose, composeWithApollo, composeWithHive, writeSupergraphFile } from './supergraph.ts';

export interface FederationOptions {
  router: RouterKind;
  compose: Compose;
  /** Whether this gateway's SDL contains `@requiresScopes`. */
  scopes: boolean;
  /** Options of this gateway. */
  options?: Partial<GatewayOptions>;
}

/** Each router runs a supergraph that its vendor's library composes. Apollo Gateway rejects a supergraph with scopes. */
export const APOLLO: FederationOptions = { router: APOLLO_GATEWAY, compose: composeWithApollo, scopes: false };
export const HIVE: FederationOptions = { router: HIVE_GATEWAY, compose: composeWithHive, scopes: true };

export interface OperationResult {
  status: number;
  data: unknown;
  /** Empty if the result has no `errors`. */
  errors: unknown[];
  extensions: unknown;
}

/** Starts a router over two subgraphs, the agenda and this gateway, and composes the supergraph from their SDLs. */
export async function startFederation({ router: kind, compose, scopes, options }: FederationOptions) {
  await using stack = new AsyncDisposableStack();
  const livestreams = stack.use(await startLivestreamsSubgraph(options));
  const agenda = stack.use(await startAgendaSubgraph());
  const supergraph = compose([
    { name: 'livestreams', url: livestreams.url, sdl: subgraphSdl({ scopes }) },
    { name: 'agenda', url: agenda.url, sdl: AGENDA_SDL },
  ]);
  const file = stack.use(await writeSupergraphFile(supergraph));
  const router = stack.use(await startRouter(kind, file.path));
  const resources = stack.move();

  return {
    livestreams,
    agenda,
    url: router.url,
    execute: async (query: string, variables?: object, headers?: Record<string, string>) =>
      execute(router, query, variables, headers),
    [Symbol.asyncDispose]: async (): Promise<void> => resources.disposeAsync(),
  };
}

export type Federation = Awaited<ReturnType<typeof startFederation>>;

/** Sends an operation to a router. */
export async function execute(
  { url }: Router,
  query: string,
  variables: object = {},
  headers: Record<string, string> = {},
): Promise<OperationResult> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const body: unknown = await response.json();
  return {
    status: response.status,
    data: at(body, 'data'),
    errors: asArray(at(body, 'errors') ?? []),
    extensions: at(body, 'extensions'),
  };
}
