import { type Answer, Refusal } from '../responses.ts';
import type { RestCall } from '../restCall.ts';
import { Writer } from '../responseFormats.ts';
import { readWebhook, readWebhookChange } from './webhookBody.ts';
import type { Webhook } from './registry.ts';

/** The app's webhooks, all of them: this list has no pages. */
export function listWebhooks({ appId, webhooks, world, settings }: RestCall): Answer {
  const writer = new Writer(world, settings.shapes);
  return { kind: 'found', data: webhooks.list(appId).map((webhook) => writer.webhook(webhook)) };
}

export function readOneWebhook(call: RestCall): Answer {
  const webhook = call.webhooks.get(call.appId, call.id);
  return webhook === undefined ? { kind: 'nothing', message: 'Webhook not found' } : told(webhook, call);
}

export function addWebhook(call: RestCall): Answer {
  const { appId, body, webhooks, world } = call;
  return { ...told(webhooks.add(appId, readWebhook(body), world.now), call), status: 201 };
}

export function replaceWebhook(call: RestCall): Answer {
  const { body, webhooks, world } = call;
  return told(webhooks.change(existing(call), readWebhook(body), world.now), call);
}

export function editWebhook(call: RestCall): Answer {
  const { body, webhooks, world } = call;
  return told(webhooks.change(existing(call), readWebhookChange(body), world.now), call);
}

/** Tells what was removed. */
export function removeWebhook(call: RestCall): Answer {
  const webhook = existing(call);
  call.webhooks.remove(webhook);
  return told(webhook, call);
}

function existing({ appId, id, webhooks }: RestCall): Webhook {
  const webhook = webhooks.get(appId, id);
  if (webhook === undefined) throw new Refusal(404, 404, 'Webhook not found');
  return webhook;
}

function told(webhook: Webhook, { world, settings }: RestCall) {
  return { kind: 'found', data: new Writer(world, settings.shapes).webhook(webhook) } as const;
}
