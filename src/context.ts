import type { Viewer } from './auth/viewer.ts';
import type { Loaders } from './loaders.ts';

/** What resolvers get, made anew for each operation. */
export interface Context {
  viewer: Viewer;
  loaders: Loaders;
}
