import type { Viewer } from '../auth/viewer.ts';
import type { LiveSubscription, SubscriptionTarget } from '../live/types.ts';
import type { Loaders } from './loaders/operationLoaders.ts';

/** What resolvers get, made anew for each operation. */
export interface Context {
  viewer: Viewer;
  loaders: Loaders;
  /** For the next event of a subscription, which has nothing in common with the one before. */
  createLoaders: () => Loaders;
  /** What is watched, as it is and as it becomes. */
  watch: (target: SubscriptionTarget) => Promise<LiveSubscription>;
  /** Who is told by this subscription. */
  subscription?: LiveSubscription;
}
