import type { Plugin } from 'graphql-yoga';

import type { WebhookReceiver } from '../../webhooks/receiver.ts';

/** Where RealtimeKit's webhooks are received. */
export const WEBHOOK_PATH = '/webhooks/realtimekit';

/** Has `receive` answer RealtimeKit's webhooks, before anyone is asked who they are: their signature tells. */
export function useWebhooks(receive: WebhookReceiver): Plugin {
  return {
    onRequest(hook) {
      const { request } = hook;
      // To take an address apart costs more than to see that it is another one.
      if (!request.url.includes(WEBHOOK_PATH) || hook.url.pathname !== WEBHOOK_PATH) return undefined;
      if (request.method === 'POST') return receive(request).then((response) => hook.endResponse(response));
      return hook.endResponse(notAllowed());
    },
  };
}

function notAllowed(): Response {
  return new Response('Webhooks are sent by POST.\n', { status: 405, headers: { allow: 'POST' } });
}
