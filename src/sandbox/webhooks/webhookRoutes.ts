import { type EndpointResult, ApiError } from '../responses.ts';
import type { RestCall } from '../restCall.ts';
import { JsonWriter } from '../responseFormats.ts';
import { parseWebhookInput, parseWebhookPatch } from './webhookBody.ts';
import type { WebhookRecord } from './registry.ts';

/** The app's webhooks, all of them: this list has no pages. */
export function listWebhooks({ appId, webhooks, world, settings }: RestCall): EndpointResult {
  const writer = new JsonWriter(world, settings.responseFormats);
  return { kind: 'found', data: webhooks.list(appId).map((webhook) => writer.webhook(webhook)) };
}

export function getWebhook(call: RestCall): EndpointResult {
  const webhook = call.webhooks.get(call.appId, call.id);
  return webhook === undefined ? { kind: 'nothing', message: 'Webhook not found' } : webhookResponse(webhook, call);
}

export function addWebhook(call: RestCall): EndpointResult {
  const { appId, body, webhooks, world } = call;
  return { ...webhookResponse(webhooks.add(appId, parseWebhookInput(body), world.now), call), status: 201 };
}

export function replaceWebhook(call: RestCall): EndpointResult {
  const { body, webhooks, world } = call;
  return webhookResponse(webhooks.update(requireWebhook(call), parseWebhookInput(body), world.now), call);
}

export function editWebhook(call: RestCall): EndpointResult {
  const { body, webhooks, world } = call;
  return webhookResponse(webhooks.update(requireWebhook(call), parseWebhookPatch(body), world.now), call);
}

/** Tells what was removed. */
export function removeWebhook(call: RestCall): EndpointResult {
  const webhook = requireWebhook(call);
  call.webhooks.remove(webhook);
  return webhookResponse(webhook, call);
}

function requireWebhook({ appId, id, webhooks }: RestCall): WebhookRecord {
  const webhook = webhooks.get(appId, id);
  if (webhook === undefined) throw new ApiError(404, 404, 'Webhook not found');
  return webhook;
}

function webhookResponse(webhook: WebhookRecord, { world, settings }: RestCall) {
  return { kind: 'found', data: new JsonWriter(world, settings.responseFormats).webhook(webhook) } as const;
}
