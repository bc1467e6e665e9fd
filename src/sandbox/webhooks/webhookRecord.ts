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

/** A registered webhook; times are milliseconds since the Unix epoch. */
export interface WebhookRecord extends v.InferOutput<typeof WEBHOOK_INPUT> {
  id: string;
  /** The app that registered the webhook. Apps share the sandbox's world, but not their webhooks. */
  appId: string;
  createdAt: number;
  updatedAt: number;
}

/** The webhooks of all apps, by id. Like the API, the sandbox allows several webhooks with the same URL. */
export type Webhooks = Map<string, WebhookRecord>;
