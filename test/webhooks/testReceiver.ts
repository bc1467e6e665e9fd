import { createYoga } from 'graphql-yoga';

import type { ChangedIds } from '../../src/domain/models.ts';
import { createWebhookReceiver, type WebhookReceiver } from '../../src/webhooks/receiver.ts';
import type { SavedState } from '../../src/lib/savedState.ts';
import { useRoutes } from '../../src/server/plugins/useRoutes.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { createSigningKey } from '../../src/sandbox/webhooks/signingKey.ts';
import { gatewaySchema } from '../../src/graphql/schema.ts';
import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import type { Transport, TransportResponse } from '../../src/realtimekit/transport.ts';
import { getAt, serveSandbox } from '../sandbox/serveSandbox.ts';
import { cleanUpAfterTest } from '../support/cleanup.ts';
import { createFakeClock, type FakeClock } from '../support/fakeClock.ts';
import { listenDuringTest } from '../support/listen.ts';
import type { LogEntry } from '../support/gateway.ts';

export const WEBHOOK_PATH = '/webhooks/realtimekit';

/** Serves webhooks until the test ends, and rejects every GraphQL caller. Returns the origin. */
export async function serveWebhooks(webhookReceiver: WebhookReceiver): Promise<string> {
  const yoga = createYoga({
    schema: gatewaySchema(),
    logging: false,
    cors: false,
    maskedErrors: false,
    plugins: [
      useRoutes({
        webhookReceiver,
        isReady: () => true,
        readinessDetails: () => ({}),
        localOnly: false,
        graphiql: false,
        schemaFile: null,
        graphql: () => async () => new Response('No caller is known to this server.', { status: 401 }),
      }),
    ],
  });
  return listenDuringTest((request, response) => void yoga(request, response));
}

/** A sandbox that delivers its webhooks to a receiver over HTTP. Both use the same fake clock. */
export async function startDeliveries(settings: SettingsPatch = {}) {
  const served = await serveSandbox({ goLiveAfterMs: 0, ...settings });
  const { clock, keyUrl, post, sandbox, exampleIds } = served;
  const transport = createUndiciTransport();
  cleanUpAfterTest(() => transport.close());
  const events: ChangedIds[] = [];
  const logs: LogEntry[] = [];
  const receive = createWebhookReceiver({
    keyUrl,
    transport: transport.send,
    clock,
    log: (level, message, fields = {}) => logs.push({ level, message, fields }),
    onEvent: (event) => events.push(event),
  });
  const origin = await serveWebhooks(receive);
  const names = ['livestreaming.statusUpdate', 'meeting.started', 'meeting.ended', 'meeting.chatSynced'];
  await post('/webhooks', { name: 'Gateway', url: origin + WEBHOOK_PATH, events: names });
  const meetingId = exampleIds.emptyMeetingId;
  const path = `/meetings/${meetingId}`;
  return {
    ...served,
    events,
    logs,
    origin,
    meetingId,
    start: async () => String(getAt((await post(`${path}/livestreams`, { name: 'First light' })).body, 'data', 'id')),
    stop: () => post(`${path}/active-livestream/stop`),
    /** The HTTP status of the response to each delivery; null if there is none yet. */
    statuses: () => sandbox.deliveries().deliveries.map(({ responseStatus }) => responseStatus),
    /** The payload of each delivery. */
    payloads: () => sandbox.deliveries().deliveries.map(({ payload }) => payload),
    /** The number of requests for the public key. */
    keyRequestCount: () =>
      sandbox.requests().requests.filter(({ route }) => route === '/.well-known/webhooks.json').length,
  };
}

/** What the fake key server responds with: a response, a key in PEM, or the transport's error. */
export type KeyResponse = TransportResponse | string | Error | Promise<string>;

interface TestReceiverOptions {
  signing?: ReturnType<typeof createSigningKey>;
  clock?: FakeClock;
  savedState?: SavedState | null;
}

/** A receiver without an HTTP server, and with a fake key server. */
export async function createTestReceiver({
  signing = createSigningKey(),
  clock = createFakeClock(),
  savedState = null,
}: TestReceiverOptions = {}) {
  const events: ChangedIds[] = [];
  const logs: LogEntry[] = [];
  const keyRequests: Parameters<Transport>[0][] = [];
  let serverResponse: KeyResponse = await signing.publicPem();
  let onEvent = (event: ChangedIds): void => void events.push(event);
  const transport: Transport = async (request) => {
    keyRequests.push(request);
    const response = await serverResponse;
    if (response instanceof Error) throw response;
    return typeof response === 'string' ? keyResponse({ success: true, data: { publicKey: response } }) : response;
  };
  const receive = createWebhookReceiver({
    keyUrl: 'https://keys.test/webhooks.json',
    transport,
    clock,
    log: (level, message, fields = {}) => logs.push({ level, message, fields }),
    savedState,
    onEvent: (event) => onEvent(event),
  });

  /** Sends a body, signed and with a new delivery id unless `headers` override these headers. */
  async function send(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    const signature = headers['rtk-signature'] ?? (await signing.sign(bytes));
    const allHeaders = { 'rtk-uuid': crypto.randomUUID(), ...headers, 'rtk-signature': signature };
    return receive(
      new Request(`http://gateway.test${WEBHOOK_PATH}`, { method: 'POST', headers: allHeaders, body: bytes }),
    );
  }
  return {
    clock,
    events,
    logs,
    receive,
    send,
    signing,
    /** The requests for the public key. */
    keyRequests,
    setKeyResponse: (response: KeyResponse) => {
      serverResponse = response;
    },
    setEventHandler: (handler: (event: ChangedIds) => void) => {
      onEvent = handler;
    },
    /** Sends like `send`. Returns the HTTP status. */
    deliver: async (...parameters: Parameters<typeof send>) => (await send(...parameters)).status,
  };
}

export function keyResponse(body: unknown, status = 200): TransportResponse {
  return { status, headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

/** The body of a livestream event, in RealtimeKit's format. */
export const LIVE_EVENT = JSON.stringify({
  event: 'livestreaming.statusUpdate',
  streamId: 'livestream-1',
  status: 'LIVE',
  playbackUrl: 'https://play.example/live.m3u8',
  streamKey: 'a-secret-stream-key',
  meeting: { id: 'meeting-1', title: 'Partner update' },
});
