import { parseBody, invalidBody } from '../parseBody.ts';
import { WEBHOOK_EVENTS, type WebhookEventName, type WebhookInput } from './registry.ts';

/** Reads the body of a creation or a replacement: all but `enabled` is required. */
export function parseWebhookInput(body: string): WebhookInput {
  const { name, url, events, enabled = true } = parseWebhookPatch(body);
  if (name === undefined) throw invalidBody('name is required');
  if (url === undefined) throw invalidBody('url is required');
  if (events === undefined) throw invalidBody('events is required');
  return { name, url, events, enabled };
}

/** Reads the body of a change: nothing is required. Keys that the page does not list are ignored. */
export function parseWebhookPatch(body: string): Partial<WebhookInput> {
  const { name, url, events, enabled } = parseBody(body);
  return {
    ...(name === undefined ? {} : { name: readName(name) }),
    ...(url === undefined ? {} : { url: readUrl(url) }),
    ...(events === undefined ? {} : { events: readEvents(events) }),
    ...(enabled === undefined ? {} : { enabled: readEnabled(enabled) }),
  };
}

function readName(name: unknown): string {
  if (typeof name === 'string' && name !== '') return name;
  throw invalidBody('name must be a string');
}

/** The API wants addresses on the public Internet; here the receivers are on this machine. */
function readUrl(url: unknown): string {
  if (typeof url === 'string' && /^https?:\/\//i.test(url) && URL.canParse(url)) return url;
  throw invalidBody('url must be an HTTP address');
}

function readEvents(events: unknown): WebhookEventName[] {
  if (!Array.isArray(events) || events.length === 0) throw invalidBody('events must be a list of at least one event');
  return events.map((event: unknown) => {
    const known = WEBHOOK_EVENTS.find((name) => name === event);
    if (known === undefined) throw invalidBody(`events must be some of ${WEBHOOK_EVENTS.join(', ')}`);
    return known;
  });
}

function readEnabled(enabled: unknown): boolean {
  if (typeof enabled === 'boolean') return enabled;
  throw invalidBody('enabled must be true or false');
}
