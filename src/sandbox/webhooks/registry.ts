import * as v from 'valibot';

import { boolean, choice, lenientObject } from '../input.ts';

/** The names of all events that a webhook can subscribe to. */
export const WEBHOOK_EVENTS = [
  'meeting.started',
  'meeting.ended',
  'meeting.participantJoined',
  'meeting.participantLeft',
  'meeting.chatSynced',
  'recording.statusUpdate',
  'livestreaming.statusUpdate',
  'meeting.transcript',
  'meeting.summary',
] as const;
export type WebhookEventName = (typeof WEBHOOK_EVENTS)[number];

const NAME = 'must be a string that is not empty';
const URL_FORM = 'must be an http or https URL';
const EVENTS = 'must be a list of at least one event';

/**
 * The fields of a webhook that its owner sets. Unlike the API, the sandbox accepts URLs outside the public Internet: its receivers are on
 * the same machine.
 */
export const WEBHOOK_INPUT = lenientObject({
  name: v.pipe(v.string(NAME), v.nonEmpty(NAME)),
  url: v.pipe(
    v.string(URL_FORM),
    v.check((url) => /^https?:\/\//i.test(url) && URL.canParse(url), URL_FORM),
  ),
  events: v.pipe(v.array(choice(WEBHOOK_EVENTS), EVENTS), v.nonEmpty(EVENTS)),
  enabled: v.optional(boolean, true),
});
type WebhookInput = v.InferOutput<typeof WEBHOOK_INPUT>;

/** A registered webhook; times are milliseconds since the Unix epoch. */
export interface WebhookRecord extends WebhookInput {
  id: string;
  /** The app that registered the webhook. Apps share the sandbox's world, but not their webhooks. */
  appId: string;
  createdAt: number;
  updatedAt: number;
}

/** The webhooks of all apps. Like the API, it allows several webhooks with the same URL. */
export class WebhookRegistry {
  readonly #webhooks = new Map<string, WebhookRecord>();

  list(appId: string): WebhookRecord[] {
    return [...this.#webhooks.values()].filter((webhook) => webhook.appId === appId);
  }

  get(appId: string, id: string): WebhookRecord | undefined {
    const webhook = this.#webhooks.get(id);
    return webhook?.appId === appId ? webhook : undefined;
  }

  add(appId: string, fields: WebhookInput, now: number): WebhookRecord {
    const webhook = { id: crypto.randomUUID(), appId, ...fields, createdAt: now, updatedAt: now };
    this.#webhooks.set(webhook.id, webhook);
    return webhook;
  }

  update(webhook: WebhookRecord, fields: WebhookInput, now: number): WebhookRecord {
    const changed = { ...webhook, ...fields, updatedAt: now };
    this.#webhooks.set(changed.id, changed);
    return changed;
  }

  remove({ id }: WebhookRecord): void {
    this.#webhooks.delete(id);
  }

  /** The enabled webhooks of all apps. */
  enabled(): WebhookRecord[] {
    return [...this.#webhooks.values()].filter(({ enabled }) => enabled);
  }

  clear(): void {
    this.#webhooks.clear();
  }
}
