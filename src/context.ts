import type { Loaders } from './loaders.ts';

/** What resolvers get, made anew for each operation. */
export interface Context {
  loaders: Loaders;
}
