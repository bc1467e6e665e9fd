import { isId } from '../domain/ids.ts';
import { invalidResponse } from './envelope.ts';
import type { RealtimeKitClient } from './client.ts';
import { isObject } from './json.ts';
import type { RequestContext } from './requestContext.ts';
import { path } from './path.ts';
import { dataOf, parseList } from './parse.ts';

/** Where RealtimeKit sends an app's events. Null: not told. */
export interface Webhook {
  id: string;
  name: string | null;
  url: string | null;
  events: string[];
  enabled: boolean | null;
}

/** What its owner decides about a webhook. */
export interface WebhookFields {
  name: string;
  url: string;
  events: readonly string[];
  enabled: boolean;
}

/**
 * One function for each REST call that is needed. All reject with an `UpstreamError`; what changes something is sent once. Null:
 * there is no such app.
 */
export interface WebhookEndpoints {
  /** `GET /webhooks` */
  list(context: RequestContext): Promise<Webhook[] | null>;
  /** `POST /webhooks` */
  add(context: RequestContext, fields: WebhookFields): Promise<Webhook | null>;
  /** `PATCH /webhooks/{id}`: what is left out stays as it is; false: there is no such webhook. */
  change(context: RequestContext, id: string, fields: Partial<WebhookFields>): Promise<boolean>;
  /** `DELETE /webhooks/{id}`; false: there is no such webhook. */
  remove(context: RequestContext, id: string): Promise<boolean>;
}

export function createWebhookEndpoints({ get, mutate }: Pick<RealtimeKitClient, 'get' | 'mutate'>): WebhookEndpoints {
  return {
    async list(context) {
      const answer = await get(context, path`/webhooks`);
      if (answer === null) return null;
      const { rows, totalCount } = parseList(answer, 'webhooks');
      // Of a webhook that is not told nobody would know that it is there.
      if ((totalCount ?? 0) > rows.length) throw invalidResponse('it has only some of the webhooks');
      return rows.map(parseWebhook).filter((webhook) => webhook !== null);
    },
    async add(context, fields) {
      const answer = await mutate(context, path`/webhooks`, fields);
      if (answer === null) return null;
      const added = parseWebhook(dataOf(answer));
      if (added === null) throw invalidResponse('it does not tell which webhook was added');
      return { ...added, ...fields, events: [...fields.events] };
    },
    change: async (context, id, fields) => (await mutate(context, path`/webhooks/${id}`, fields, 'PATCH')) !== null,
    remove: async (context, id) => (await mutate(context, path`/webhooks/${id}`, undefined, 'DELETE')) !== null,
  };
}

/** Webhooks as an operator deals with them. */
export interface Registration {
  webhook: Webhook;
  /** What was done for it. */
  outcome: 'added' | 'changed' | 'unchanged';
  /** How many others have the same URL: each event is sent to them too. */
  duplicates: number;
}

/**
 * Has RealtimeKit send these events to `url`. A webhook that is there for this URL is used: it is enabled and gets the events that it
 * lacks, and keeps those that it has. Null: there is no such app.
 */
export async function registerWebhook(
  webhooks: WebhookEndpoints,
  context: RequestContext,
  { name, url, events }: Omit<WebhookFields, 'enabled'>,
): Promise<Registration | null> {
  const all = await webhooks.list(context);
  if (all === null) return null;
  const missing = (webhook: Webhook): number =>
    events.filter((event) => !webhook.events.includes(event)).length + (webhook.enabled === true ? 0 : 1);
  const same = all.filter((webhook) => isSame(webhook.url, url));
  const [found] = same.toSorted((one, other) => missing(one) - missing(other));
  const duplicates = Math.max(0, same.length - 1);
  if (found !== undefined && missing(found) === 0) return { webhook: found, outcome: 'unchanged', duplicates };
  if (found !== undefined) {
    const fields = { events: [...new Set([...found.events, ...events])], enabled: true };
    const isThere = await webhooks.change(context, found.id, fields);
    if (isThere) return { webhook: { ...found, ...fields }, outcome: 'changed', duplicates };
  }
  const added = await webhooks.add(context, { name, url, events, enabled: true });
  return added && { webhook: added, outcome: 'added', duplicates };
}

/** Whether two URLs are one, however they are written. */
function isSame(one: string | null, other: string): boolean {
  return one !== null && URL.parse(one)?.href === URL.parse(other)?.href;
}

/** Null: not a webhook that can be named. */
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
