import { isId } from '../domain/ids.ts';
import { invalidResponse } from './envelope.ts';
import type { RealtimeKitClient } from './client.ts';
import { isObject } from './json.ts';
import type { RequestContext } from './requestContext.ts';
import { path } from './path.ts';
import { parseObject, parseList } from './parse.ts';

/** A webhook of an app: where RealtimeKit sends events. A field is null if RealtimeKit leaves it out. */
export interface Webhook {
  id: string;
  name: string | null;
  url: string | null;
  events: string[];
  enabled: boolean | null;
}

/** The fields of a webhook that its owner sets. */
interface WebhookFields {
  name: string;
  url: string;
  events: readonly string[];
  enabled: boolean;
}

/**
 * The REST API's endpoints for webhooks, one function each. All reject with an `UpstreamError`. Writes are sent once.
 */
export type WebhookEndpoints = ReturnType<typeof createWebhookEndpoints>;

export function createWebhookEndpoints({ get, mutate }: Pick<RealtimeKitClient, 'get' | 'mutate'>) {
  return {
    /** `GET /webhooks` */
    async list(context: RequestContext): Promise<Webhook[]> {
      const envelope = await get(context, path`/webhooks`);
      const { rows, totalCount } = parseList(envelope, 'webhooks');
      // A webhook that is missing from the list would be registered a second time.
      if ((totalCount ?? 0) > rows.length) throw invalidResponse('its list of webhooks is incomplete');
      return rows.map(parseWebhook).filter((webhook) => webhook !== null);
    },
    /**
     * `GET /webhooks/all`: the names of the events that webhooks can subscribe to. Empty if the response contains none: its format is not
     * documented, so every text in it that looks like a name counts.
     */
    async eventNames(context: RequestContext): Promise<ReadonlySet<string>> {
      const envelope = await get(context, path`/webhooks/all`);
      return new Set(JSON.stringify(envelope?.data ?? null).match(/(?<=")[a-z]\w*(\.\w+)+(?=")/gi));
    },
    /** `POST /webhooks` */
    async add(context: RequestContext, fields: WebhookFields): Promise<Webhook> {
      const envelope = await mutate(context, path`/webhooks`, fields);
      const added = parseWebhook(parseObject(envelope));
      if (added === null) throw invalidResponse('the ID of the added webhook is missing');
      return { ...added, ...fields, events: [...fields.events] };
    },
    /** `PATCH /webhooks/{id}`: changes the given fields only. False if the webhook does not exist. */
    update: async (context: RequestContext, id: string, fields: Partial<WebhookFields>): Promise<boolean> =>
      (await mutate(context, path`/webhooks/${id}`, fields, 'PATCH')) !== null,
    /** `DELETE /webhooks/{id}`. False if the webhook does not exist. */
    remove: async (context: RequestContext, id: string): Promise<boolean> =>
      (await mutate(context, path`/webhooks/${id}`, undefined, 'DELETE')) !== null,
  };
}

export interface WebhookRegistration {
  webhook: Webhook;
  /** What the registration did to the webhook. */
  outcome: 'added' | 'changed' | 'unchanged';
  /** The number of other webhooks with the same URL. RealtimeKit sends each event to all of them. */
  duplicates: number;
}

/**
 * Registers a webhook that sends `events` to `url`. An existing webhook with this URL is reused: it is enabled, missing events are
 * added, and its other events stay.
 */
export async function registerWebhook(
  webhooks: WebhookEndpoints,
  context: RequestContext,
  { name, url, events }: Omit<WebhookFields, 'enabled'>,
): Promise<WebhookRegistration> {
  const all = await webhooks.list(context);
  const missingCount = (webhook: Webhook): number =>
    events.filter((event) => !webhook.events.includes(event)).length + (webhook.enabled === true ? 0 : 1);
  const candidates = all.filter((webhook) => isSameUrl(webhook.url, url));
  const [existing] = candidates.toSorted((left, right) => missingCount(left) - missingCount(right));
  const duplicates = Math.max(0, candidates.length - 1);
  if (existing !== undefined && missingCount(existing) === 0) {
    return { webhook: existing, outcome: 'unchanged', duplicates };
  }
  if (existing !== undefined) {
    const fields = { events: [...new Set([...existing.events, ...events])], enabled: true };
    const isUpdated = await webhooks.update(context, existing.id, fields);
    if (isUpdated) return { webhook: { ...existing, ...fields }, outcome: 'changed', duplicates };
  }
  const added = await webhooks.add(context, { name, url, events, enabled: true });
  return { webhook: added, outcome: 'added', duplicates };
}

/** Whether two URLs are the same after normalization. A slash at the end of the path does not matter to the gateway. */
function isSameUrl(left: string | null, right: string): boolean {
  return left !== null && normalizeUrl(left) === normalizeUrl(right);
}

function normalizeUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url !== null) url.pathname = url.pathname.replace(/\/$/, '');
  return url?.href;
}

/** Parses a webhook; null if it has no valid id. */
function parseWebhook(value: unknown): Webhook | null {
  if (!isObject(value)) return null;
  const { id, name, url, events, enabled } = value;
  if (typeof id !== 'string' || !isId(id)) return null;
  return {
    id,
    name: typeof name === 'string' ? name : null,
    url: typeof url === 'string' ? url : null,
    events: Array.isArray(events) ? events.filter((event) => typeof event === 'string') : [],
    enabled: typeof enabled === 'boolean' ? enabled : null,
  };
}
