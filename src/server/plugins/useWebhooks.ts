import type { Plugin } from 'graphql-yoga';

import type { WebhookReceiver } from '../../webhooks/receiver.ts';
import { isRequestFor } from './isRequestFor.ts';

/** The path of the endpoint for RealtimeKit's webhooks. */
export const WEBHOOK_PATH = '/webhooks/realtimekit';

/** Passes RealtimeKit's webhooks to `receiver`, which checks their signature. Other authentication does not apply to webhooks. */
export function useWebhooks(receiver: WebhookReceiver): Plugin {
  return {
    onRequest(hook) {
      if (!isRequestFor(hook, WEBHOOK_PATH)) return undefined;
      if (hook.request.method === 'POST') return receiver(hook.request).then((response) => hook.endResponse(response));
      return hook.endResponse(methodNotAllowed());
    },
  };
}

function methodNotAllowed(): Response {
  return new Response('Send webhooks with POST.\n', { status: 405, headers: { allow: 'POST' } });
}
