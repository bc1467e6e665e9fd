import type { JsonWriter } from './responseFormats.ts';
import type { ResponseFormats, SandboxSettings } from './settings.ts';
import type { Webhooks } from './webhooks/webhookRecord.ts';
import type { World } from './world.ts';

/** The input of an endpoint: a request, and the state of the sandbox. */
export interface RestCall {
  appId: string;
  /** The id in the route; empty if the route has none. */
  id: string;
  query: Record<string, string>;
  /** The JSON of the body; undefined if it has none. */
  body: unknown;
  world: World;
  webhooks: Webhooks;
  settings: SandboxSettings;
  formats: ResponseFormats;
  /** Writes the response, with the types of the endpoint's documentation. */
  writer: JsonWriter;
}

/** The result of an endpoint, before it is written in one of the API's formats. */
export interface EndpointResult {
  data: unknown;
  paging?: unknown;
}
