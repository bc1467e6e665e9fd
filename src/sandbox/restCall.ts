import type { SandboxSettings } from './settings.ts';
import type { WebhookRegistry } from './webhooks/registry.ts';
import type { World } from './world.ts';

/** A request that has reached its endpoint. */
export interface RestCall {
  appId: string;
  /** The id in the path after the app's; every route has one at most. */
  id: string;
  query: URLSearchParams;
  body: string;
  world: World;
  webhooks: WebhookRegistry;
  settings: SandboxSettings;
}
