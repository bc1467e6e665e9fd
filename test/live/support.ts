import { once } from 'node:events';
import { createServer } from 'node:http';

import { createYoga } from 'graphql-yoga';

import { unauthenticated } from '../../src/auth/authErrors.ts';
import type { WebhookEvent } from '../../src/webhooks/webhookEvent.ts';
import { createWebhookReceiver } from '../../src/webhooks/receiver.ts';
import { useAuthentication } from '../../src/server/plugins/useAuthentication.ts';
import { createErrorFormatter, useErrorFormatting } from '../../src/server/plugins/useErrorFormatting.ts';
import { useWebhooks } from '../../src/server/plugins/useWebhooks.ts';
import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import { SigningKey } from '../../src/sandbox/webhooks/signingKey.ts';
import { createGatewaySchema } from '../../src/graphql/schema.ts';
import { createUndiciTransport } from '../../src/realtimekit/undiciTransport.ts';
import type { Transport, TransportResponse } from '../../src/realtimekit/transport.ts';
import { at, closeAfterTest, serve } from '../sandbox/support.ts';
import { createFakeClock } from '../support/fakeClock.ts';
import type { LogEntry } from '../support/gateway.ts';

export const PATH = '/webhooks/realtimekit';

/** Listens on a free port until the test ends; gives the origin. */
export async function listen(gateway: ReturnType<typeof serverOf>): Promise<string> {
  const server = createServer((request, response) => void gateway(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closeAfterTest({
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('Not listening');
  return `http://127.0.0.1:${address.port}`;
}

/** A server that knows nobody, but receives webhooks. */
export function serverOf(receive: (request: Request) => Promise<Response>) {
  return createYoga({
    schema: createGatewaySchema(),
    logging: false,
    cors: false,
    maskedErrors: false,
    plugins: [
      useWebhooks(receive),
      useAuthentication(async () => {
        throw unauthenticated('Nobody is known here.');
      }),
      useErrorFormatting(createErrorFormatter(() => {}, true)),
    ],
  });
}

/** A sandbox that sends its webhooks to a receiver; all of it over HTTP, on one fake clock. */
export async function deliverToReceiver(settings: SettingsPatch = {}) {
  const served = await serve({ goLiveAfterMs: 0, ...settings });
  const { clock, keyUrl, post, sandbox, samples } = served;
  const transport = createUndiciTransport();
  closeAfterTest(transport);
  const events: WebhookEvent[] = [];
  const logs: LogEntry[] = [];
  const receive = createWebhookReceiver({
    keyUrl,
    transport: transport.send,
    clock,
    log: (level, message, fields = {}) => logs.push({ level, message, fields }),
    onEvent: (event) => events.push(event),
  });
  const origin = await listen(serverOf(receive));
  const names = ['livestreaming.statusUpdate', 'meeting.started', 'meeting.ended', 'meeting.chatSynced'];
  await post('/webhooks', { name: 'Gateway', url: origin + PATH, events: names });
  const meetingId = samples.emptyMeetingId;
  const path = `/meetings/${meetingId}`;
  return {
    ...served,
    events,
    logs,
    origin,
    meetingId,
    start: async () => String(at((await post(`${path}/livestreams`, { name: 'First light' })).body, 'data', 'id')),
    stop: () => post(`${path}/active-livestream/stop`),
    /** What each delivery was answered with, so far. */
    answers: () => sandbox.deliveries().deliveries.map(({ answer }) => answer),
    /** The payloads that were sent, as they left. */
    payloads: () => sandbox.deliveries().deliveries.map(({ payload }) => payload),
    /** How often the public key was asked for. */
    keyReads: () => sandbox.requests().requests.filter(({ route }) => route === '/.well-known/webhooks.json').length,
  };
}

/** What a key's publisher is to answer: its answer, its PEM, or the failure to reach it. */
export type KeyAnswer = TransportResponse | string | Error | Promise<string>;

/** A receiver by itself; its key's publisher is made up: `publish` says what it answers from now on. */
export async function receiverAlone() {
  const signing = new SigningKey();
  const clock = createFakeClock();
  const events: WebhookEvent[] = [];
  const logs: LogEntry[] = [];
  const asked: Parameters<Transport>[0][] = [];
  let published: KeyAnswer = await signing.publicPem();
  let onEvent = (event: WebhookEvent): void => void events.push(event);
  const transport: Transport = async (request) => {
    asked.push(request);
    const now = await published;
    if (now instanceof Error) throw now;
    return typeof now === 'string' ? keyAnswer({ success: true, data: { publicKey: now } }) : now;
  };
  const receive = createWebhookReceiver({
    keyUrl: 'https://keys.test/webhooks.json',
    transport,
    clock,
    log: (level, message, fields = {}) => logs.push({ level, message, fields }),
    onEvent: (event) => onEvent(event),
  });

  /** Sends a body with a signature of it, unless `headers` say otherwise. */
  async function send(body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    const signature = headers['rtk-signature'] ?? (await signing.sign(bytes));
    const all = { 'rtk-uuid': crypto.randomUUID(), ...headers, 'rtk-signature': signature };
    return receive(new Request(`http://gateway.test${PATH}`, { method: 'POST', headers: all, body: bytes }));
  }
  return {
    clock,
    events,
    logs,
    receive,
    send,
    signing,
    /** The requests for the key. */
    asked,
    publish: (answer: KeyAnswer) => {
      published = answer;
    },
    handleWith: (handler: (event: WebhookEvent) => void) => {
      onEvent = handler;
    },
    status: async (...parameters: Parameters<typeof send>) => (await send(...parameters)).status,
  };
}

export function keyAnswer(body: unknown, status = 200): TransportResponse {
  return { status, headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body) };
}

/** An event of a livestream, as RealtimeKit sends it. */
export const LIVE = JSON.stringify({
  event: 'livestreaming.statusUpdate',
  streamId: 'livestream-1',
  status: 'LIVE',
  playbackUrl: 'https://play.example/live.m3u8',
  streamKey: 'not-to-be-told',
  meeting: { id: 'meeting-1', title: 'Partner update' },
});
