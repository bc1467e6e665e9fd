import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { composeServices as composeWithApolloLibrary } from '@apollo/composition';
import { composeServices as composeWithHiveLibrary } from '@theguild/federation-composition';
import { parse } from 'graphql';

/** The input of a composition. */
export interface Subgraph {
  name: string;
  url: string;
  sdl: string;
}

interface CompositionResult {
  supergraphSdl?: string | undefined;
  errors?: readonly Error[] | undefined;
}

/** Composes a supergraph SDL. Throws an `AggregateError` if the subgraphs do not compose. */
export type Compose = (subgraphs: readonly Subgraph[]) => string;

/** Uses the library of `rover supergraph compose`. */
export const composeWithApollo: Compose = (subgraphs) =>
  requireSupergraph(composeWithApolloLibrary(parseSubgraphs(subgraphs)));

/** Uses the library of the Hive schema registry. */
export const composeWithHive: Compose = (subgraphs) =>
  requireSupergraph(composeWithHiveLibrary(parseSubgraphs(subgraphs)));

const parseSubgraphs = (subgraphs: readonly Subgraph[]) =>
  subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));

function requireSupergraph({ supergraphSdl, errors = [] }: CompositionResult): string {
  if (supergraphSdl !== undefined && errors.length === 0) return supergraphSdl;
  throw new AggregateError(errors, errors.map(({ message }) => message).join('\n'));
}

/** Writes the supergraph to a temporary file, which is deleted on disposal. */
export async function writeSupergraphFile(supergraphSdl: string): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'supergraph-'));
  const path = join(folder, 'supergraph.graphql');
  await writeFile(path, supergraphSdl);
  return { path, [Symbol.asyncDispose]: async () => rm(folder, { recursive: true }) };
}
