import type { JsonWriter } from './responseFormats.ts';
import type { SandboxSettings } from './settings.ts';
import type { WebhookRegistry } from './webhooks/registry.ts';
import type { World } from './world.ts';

/** The input of an endpoint: a request, and the state of the sandbox. */
export interface RestCall {
  appId: string;
  /** The id in the route; empty if the route has none. */
  id: string;
  query: URLSearchParams;
  body: string;
  world: World;
  webhooks: WebhookRegistry;
  settings: SandboxSettings;
  /** Writes the response, with the types of the endpoint's documentation. */
  writer: JsonWriter;
}
