import { parseBody, invalidBody } from '../parseBody.ts';
import { WEBHOOK_EVENTS, type WebhookEventName, type WebhookInput } from './registry.ts';

/** Parses the body of a POST or PUT: all fields except `enabled` are required. Throws an `ApiError` (400) for an invalid body. */
export function parseWebhookInput(body: string): WebhookInput {
  const { name, url, events, enabled = true } = parseWebhookPatch(body);
  if (name === undefined) throw invalidBody('name is required');
  if (url === undefined) throw invalidBody('url is required');
  if (events === undefined) throw invalidBody('events is required');
  return { name, url, events, enabled };
}

/** Parses the body of a PATCH, which requires no field. Keys that the documentation does not list are ignored. */
export function parseWebhookPatch(body: string): Partial<WebhookInput> {
  const { name, url, events, enabled } = parseBody(body);
  return {
    ...(name === undefined ? {} : { name: parseName(name) }),
    ...(url === undefined ? {} : { url: parseUrl(url) }),
    ...(events === undefined ? {} : { events: parseEvents(events) }),
    ...(enabled === undefined ? {} : { enabled: parseEnabled(enabled) }),
  };
}

function parseName(name: unknown): string {
  if (typeof name === 'string' && name !== '') return name;
  throw invalidBody('name must be a string');
}

/** Unlike the API, the sandbox accepts URLs outside the public Internet: its receivers are on the same machine. */
function parseUrl(url: unknown): string {
  if (typeof url === 'string' && /^https?:\/\//i.test(url) && URL.canParse(url)) return url;
  throw invalidBody('url must be an http or https URL');
}

function parseEvents(events: unknown): WebhookEventName[] {
  if (!Array.isArray(events) || events.length === 0) throw invalidBody('events must be a list of at least one event');
  return events.map((event: unknown) => {
    const known = WEBHOOK_EVENTS.find((name) => name === event);
    if (known === undefined) throw invalidBody(`events must be some of ${WEBHOOK_EVENTS.join(', ')}`);
    return known;
  });
}

function parseEnabled(enabled: unknown): boolean {
  if (typeof enabled === 'boolean') return enabled;
  throw invalidBody('enabled must be true or false');
}
