import { isRecord, parseInput, requireFound } from '../input.ts';
import type { RestCall } from '../restCall.ts';
import { WEBHOOK_INPUT, type WebhookRecord } from './webhookRecord.ts';

/** All of the app's webhooks. This list has no pages. */
export function listWebhooks({ appId, webhooks, writer }: RestCall) {
  const ownWebhooks = webhooks.values().filter((webhook) => webhook.appId === appId);
  return { data: ownWebhooks.map((webhook) => writer.webhook(webhook)).toArray() };
}

export function getWebhook(call: RestCall) {
  return { data: call.writer.webhook(requireWebhook(call)) };
}

export function addWebhook(call: RestCall) {
  return save(call, { id: crypto.randomUUID(), createdAt: call.world.now() }, call.body);
}

export function replaceWebhook(call: RestCall) {
  return save(call, requireWebhook(call), call.body);
}

/** Changes the fields that the body has. */
export function editWebhook(call: RestCall) {
  const webhook = requireWebhook(call);
  return save(call, webhook, isRecord(call.body) ? { ...webhook, ...call.body } : call.body);
}

/** Responds with the removed webhook. */
export function removeWebhook(call: RestCall) {
  const webhook = requireWebhook(call);
  call.webhooks.delete(webhook.id);
  return { data: call.writer.webhook(webhook) };
}

function requireWebhook({ appId, id, webhooks }: RestCall): WebhookRecord {
  const webhook = webhooks.get(id);
  return requireFound(webhook?.appId === appId ? webhook : undefined, 'Webhook not found');
}

/** Saves a new or changed webhook with the fields of `input`. */
function save(call: RestCall, { id, createdAt }: Pick<WebhookRecord, 'id' | 'createdAt'>, input: unknown) {
  const { appId, webhooks, world, writer } = call;
  const webhook = { id, appId, ...parseInput(WEBHOOK_INPUT, input), createdAt, updatedAt: world.now() };
  webhooks.set(id, webhook);
  return { data: writer.webhook(webhook) };
}
