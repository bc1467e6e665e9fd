import { isRecord, parseInput, requireFound } from '../input.ts';
import type { RestCall } from '../restCall.ts';
import { WEBHOOK_INPUT, type WebhookRecord } from './registry.ts';

/** All of the app's webhooks. This list has no pages. */
export function listWebhooks({ appId, webhooks, writer }: RestCall) {
  return { data: webhooks.list(appId).map((webhook) => writer.webhook(webhook)) };
}

export function getWebhook(call: RestCall) {
  return { data: call.writer.webhook(requireWebhook(call)) };
}

export function addWebhook({ appId, body, webhooks, world, writer }: RestCall) {
  return { data: writer.webhook(webhooks.add(appId, parseInput(WEBHOOK_INPUT, body), world.now)) };
}

export function replaceWebhook(call: RestCall) {
  return updateWebhook(call, requireWebhook(call), call.body);
}

/** Changes the fields that the body has. */
export function editWebhook(call: RestCall) {
  const webhook = requireWebhook(call);
  return updateWebhook(call, webhook, isRecord(call.body) ? { ...webhook, ...call.body } : call.body);
}

/** Responds with the removed webhook. */
export function removeWebhook(call: RestCall) {
  const webhook = requireWebhook(call);
  call.webhooks.remove(webhook);
  return { data: call.writer.webhook(webhook) };
}

function requireWebhook({ appId, id, webhooks }: RestCall): WebhookRecord {
  return requireFound(webhooks.get(appId, id), 'Webhook not found');
}

function updateWebhook({ webhooks, world, writer }: RestCall, webhook: WebhookRecord, input: unknown) {
  return { data: writer.webhook(webhooks.update(webhook, parseInput(WEBHOOK_INPUT, input), world.now)) };
}
