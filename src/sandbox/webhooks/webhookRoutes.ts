import { type EndpointResult, ApiError } from '../responses.ts';
import type { RestCall } from '../restCall.ts';
import { parseWebhookInput, parseWebhookPatch } from './webhookBody.ts';
import type { WebhookRecord } from './registry.ts';

/** `GET /webhooks`: all of the app's webhooks. This list has no pages. */
export function listWebhooks({ appId, webhooks, writer }: RestCall): EndpointResult {
  return { kind: 'found', data: webhooks.list(appId).map((webhook) => writer.webhook(webhook)) };
}

/** `GET /webhooks/{webhook_id}` */
export function getWebhook(call: RestCall): EndpointResult {
  const webhook = call.webhooks.get(call.appId, call.id);
  return webhook === undefined ? { kind: 'notFound', message: 'Webhook not found' } : webhookResponse(webhook, call);
}

/** `POST /webhooks` */
export function addWebhook(call: RestCall): EndpointResult {
  const { appId, body, webhooks, world } = call;
  return { ...webhookResponse(webhooks.add(appId, parseWebhookInput(body), world.now), call), status: 201 };
}

/** `PUT /webhooks/{webhook_id}` */
export function replaceWebhook(call: RestCall): EndpointResult {
  const { body, webhooks, world } = call;
  return webhookResponse(webhooks.update(requireWebhook(call), parseWebhookInput(body), world.now), call);
}

/** `PATCH /webhooks/{webhook_id}` */
export function editWebhook(call: RestCall): EndpointResult {
  const { body, webhooks, world } = call;
  return webhookResponse(webhooks.update(requireWebhook(call), parseWebhookPatch(body), world.now), call);
}

/** `DELETE /webhooks/{webhook_id}`: responds with the removed webhook. */
export function removeWebhook(call: RestCall): EndpointResult {
  const webhook = requireWebhook(call);
  call.webhooks.remove(webhook);
  return webhookResponse(webhook, call);
}

/** The webhook of the request; throws an `ApiError` (404) if there is none. */
function requireWebhook({ appId, id, webhooks }: RestCall): WebhookRecord {
  const webhook = webhooks.get(appId, id);
  if (webhook === undefined) throw new ApiError(404, 404, 'Webhook not found');
  return webhook;
}

function webhookResponse(webhook: WebhookRecord, { writer }: RestCall) {
  return { kind: 'found', data: writer.webhook(webhook) } as const;
}
