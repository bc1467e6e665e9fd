import type { SandboxSettings } from './settings.ts';
import type { World } from './world.ts';

/** A request that has reached its endpoint. */
export interface Call {
  /** The id in the path; every route has one at most. */
  id: string;
  query: URLSearchParams;
  body: string;
  world: World;
  settings: SandboxSettings;
}
