import type { Viewer } from '../auth/viewer.ts';
import type { LiveSubscription, SubscriptionTarget } from '../live/types.ts';
import type { OperationLoaders } from './loaders/operationLoaders.ts';

/** The context of the resolvers. Each operation has its own. */
export interface Context {
  viewer: Viewer;
  loaders: OperationLoaders;
  /** Creates empty loaders. Each event of a subscription must read the current state. */
  createLoaders: () => OperationLoaders;
  /** Subscribes to livestreams: first their current states, then each change. */
  subscribeTo: (target: SubscriptionTarget) => Promise<LiveSubscription>;
  /** Set while a subscription operation runs. */
  subscription?: LiveSubscription;
}
