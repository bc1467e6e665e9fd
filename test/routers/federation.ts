import { subgraphSdl } from '../../src/graphql/subgraphSdl.ts';
import { at, asArray } from '../support/gateway.ts';
import { AGENDA_SDL } from '../../examples/agenda.ts';
import { startAgenda } from './agendaSubgraph.ts';
import { startLivestreams } from './livestreamsSubgraph.ts';
import { APOLLO_GATEWAY, HIVE_GATEWAY, type Router, type RouterKind, startRouter } from './startRouter.ts';
import { byApollo, byHive, type Compose, fileOf } from './supergraph.ts';

export interface FederationOptions {
  router: RouterKind;
  compose: Compose;
  /** Whether our SDL tells who may do what. */
  scopes: boolean;
}

/** Each router over what its own maker composes. Apollo's gateway refuses a supergraph with scopes. */
export const APOLLO: FederationOptions = { router: APOLLO_GATEWAY, compose: byApollo, scopes: false };
export const HIVE: FederationOptions = { router: HIVE_GATEWAY, compose: byHive, scopes: true };

/** What came of an operation. */
export interface Outcome {
  status: number;
  data: unknown;
  /** Empty where the answer has none. */
  errors: unknown[];
}

/** A router over the agenda's subgraph and ours, the supergraph composed of what they publish. */
export async function startFederation({ router: kind, compose, scopes }: FederationOptions) {
  await using stack = new AsyncDisposableStack();
  const livestreams = stack.use(await startLivestreams());
  const agenda = stack.use(await startAgenda());
  const supergraph = compose([
    { name: 'livestreams', url: livestreams.url, sdl: subgraphSdl({ scopes }) },
    { name: 'agenda', url: agenda.url, sdl: AGENDA_SDL },
  ]);
  const file = stack.use(await fileOf(supergraph));
  const router = stack.use(await startRouter(kind, file.path));
  const owned = stack.move();

  return {
    livestreams,
    agenda,
    url: router.url,
    ask: async (query: string, variables?: object, headers?: Record<string, string>) =>
      ask(router, query, variables, headers),
    [Symbol.asyncDispose]: async (): Promise<void> => owned.disposeAsync(),
  };
}

export type Federation = Awaited<ReturnType<typeof startFederation>>;

export async function ask(
  { url }: Router,
  query: string,
  variables: object = {},
  headers: Record<string, string> = {},
): Promise<Outcome> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
  });
  const body: unknown = await response.json();
  return { status: response.status, data: at(body, 'data'), errors: asArray(at(body, 'errors') ?? []) };
}
