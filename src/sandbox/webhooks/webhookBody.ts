import { readObject, refusal } from '../body.ts';
import { WEBHOOK_EVENTS, type WebhookEventName, type WebhookFields } from './registry.ts';

/** Reads the body of a creation or a replacement: all but `enabled` is required. */
export function readWebhook(body: string): WebhookFields {
  const { name, url, events, enabled = true } = readWebhookChange(body);
  if (name === undefined) throw refusal('name is required');
  if (url === undefined) throw refusal('url is required');
  if (events === undefined) throw refusal('events is required');
  return { name, url, events, enabled };
}

/** Reads the body of a change: nothing is required. Keys that the page does not list are ignored. */
export function readWebhookChange(body: string): Partial<WebhookFields> {
  const { name, url, events, enabled } = readObject(body);
  return {
    ...(name === undefined ? {} : { name: readName(name) }),
    ...(url === undefined ? {} : { url: readUrl(url) }),
    ...(events === undefined ? {} : { events: readEvents(events) }),
    ...(enabled === undefined ? {} : { enabled: readEnabled(enabled) }),
  };
}

function readName(name: unknown): string {
  if (typeof name === 'string' && name !== '') return name;
  throw refusal('name must be a string');
}

/** The API wants addresses on the public Internet; here the receivers are on this machine. */
function readUrl(url: unknown): string {
  if (typeof url === 'string' && /^https?:\/\//i.test(url) && URL.canParse(url)) return url;
  throw refusal('url must be an HTTP address');
}

function readEvents(events: unknown): WebhookEventName[] {
  if (!Array.isArray(events) || events.length === 0) throw refusal('events must be a list of at least one event');
  return events.map((event: unknown) => {
    const known = WEBHOOK_EVENTS.find((name) => name === event);
    if (known === undefined) throw refusal(`events must be some of ${WEBHOOK_EVENTS.join(', ')}`);
    return known;
  });
}

function readEnabled(enabled: unknown): boolean {
  if (typeof enabled === 'boolean') return enabled;
  throw refusal('enabled must be true or false');
}
