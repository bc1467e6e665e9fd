import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { composeServices as composeByApollo } from '@apollo/composition';
import { composeServices as composeByHive } from '@theguild/federation-composition';
import { parse } from 'graphql';

/** A subgraph as composition takes it. */
export interface Subgraph {
  name: string;
  url: string;
  sdl: string;
}

interface Composed {
  supergraphSdl?: string | undefined;
  errors?: readonly Error[] | undefined;
}

export type Compose = (subgraphs: readonly Subgraph[]) => string;

/** As `rover supergraph compose` does it. */
export const byApollo: Compose = (subgraphs) => successOf(composeByApollo(parsed(subgraphs)));

/** As Hive's registry does it. */
export const byHive: Compose = (subgraphs) => successOf(composeByHive(parsed(subgraphs)));

const parsed = (subgraphs: readonly Subgraph[]) =>
  subgraphs.map(({ name, url, sdl }) => ({ name, url, typeDefs: parse(sdl) }));

function successOf({ supergraphSdl, errors = [] }: Composed): string {
  if (supergraphSdl !== undefined && errors.length === 0) return supergraphSdl;
  throw new AggregateError(errors, errors.map(({ message }) => message).join('\n'));
}

/** A file with the supergraph in it, for as long as it is needed. */
export async function fileOf(supergraph: string): Promise<AsyncDisposable & { path: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'supergraph-'));
  const path = join(folder, 'supergraph.graphql');
  await writeFile(path, supergraph);
  return { path, [Symbol.asyncDispose]: async () => rm(folder, { recursive: true }) };
}
