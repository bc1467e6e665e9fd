import { LRUCache } from 'lru-cache';

import { readBody } from '../lib/readBody.ts';
import { createThrottledWarning } from '../lib/throttledWarning.ts';
import type { WebhookOutcome } from '../telemetry/metrics.ts';
import { parseWebhookEvent, type WebhookEvent } from './webhookEvent.ts';
import { verifySignature, parseSignature } from './signature.ts';
import { createPublicKeySource, PublicKeyUnavailableError, type PublicKeySourceOptions } from './publicKey.ts';

export interface WebhookReceiverOptions extends PublicKeySourceOptions {
  /**
   * Is told each event once; nobody waits for what it starts. Events are hints, of which reading back tells what is true: RealtimeKit
   * signs those of all its customers with one key, whom else they concern does not show, and a late one looks like a new one.
   */
  onEvent: (event: WebhookEvent) => void;
  /** Is told what became of each delivery. */
  onOutcome?: (outcome: WebhookOutcome) => void;
}

/** What becomes of a delivery, and the HTTP status that says so. */
const STATUS = {
  taken: 200,
  repeated: 200,
  /** An event of no concern here. */
  ignored: 200,
  refused: 401,
  malformed: 400,
  broken_off: 400,
  too_long: 413,
  unavailable: 503,
} as const satisfies Record<WebhookOutcome, number>;

/** Answers a webhook's POST. */
export type WebhookReceiver = (request: Request) => Promise<Response>;

/** 256 KiB; an event has about one. */
const MOST_BYTES = 256 * 1024;
/** How many deliveries are remembered, so that they are not told twice. */
const MOST_DELIVERIES = 10_000;
/** In characters; theirs are UUIDs. A longer one is not remembered. */
const LONGEST_UUID = 64;

/**
 * Takes RealtimeKit's webhooks. Only what it signed is read, and whoever else calls costs next to nothing. RealtimeKit repeats a
 * delivery that was answered with 5xx, and gives up one that was answered with 4xx.
 *
 * - 200: taken, or a duplicate, or of no concern here;
 * - 401: not signed by RealtimeKit;
 * - 400: signed, but no event;
 * - 413: longer than 256 KiB;
 * - 503: its signature cannot be checked now, so that it is to be sent again.
 */
export function createWebhookReceiver({ onEvent, onOutcome, ...options }: WebhookReceiverOptions): WebhookReceiver {
  const { clock, log } = options;
  const keys = createPublicKeySource(options);
  const deliveries = new LRUCache<string, true>({ max: MOST_DELIVERIES });
  const warnOfForgery = createThrottledWarning(clock, (refused) =>
    log('warn', 'Webhooks were refused, because RealtimeKit did not sign them.', { refused }),
  );

  async function isAuthentic(signature: Uint8Array<ArrayBuffer>, body: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const key = await keys.current();
    if (await verifySignature(key, signature, body)) return true;
    const newer = await keys.refreshAfter(key);
    return newer !== null && verifySignature(newer, signature, body);
  }

  function refuse(): Response {
    warnOfForgery(1);
    return answer('refused', 'The signature in "rtk-signature" is not RealtimeKit\'s for this body.');
  }

  function isRepeated(uuid: string | null): boolean {
    if (uuid === null || uuid.length > LONGEST_UUID) return false;
    if (deliveries.has(uuid)) return true;
    deliveries.set(uuid, true);
    return false;
  }

  function tell(event: WebhookEvent): void {
    try {
      onEvent(event);
    } catch (error) {
      // Sent again it would fail again.
      log('error', 'An event of a webhook could not be handled.', { error: String(error) });
    }
  }

  function accept(body: Uint8Array, uuid: string | null): Response {
    const event = parseWebhookEvent(body);
    if (event === null) return answer('malformed', 'The body is no event of RealtimeKit.');
    if (isRepeated(uuid)) return answer('repeated');
    if (event.kind === 'other') return answer('ignored');
    tell(event);
    return answer('taken');
  }

  function answer(outcome: WebhookOutcome, words?: string): Response {
    onOutcome?.(outcome);
    return new Response(words === undefined ? null : `${words}\n`, { status: STATUS[outcome] });
  }

  return async (request) => {
    const signature = parseSignature(request.headers.get('rtk-signature'));
    if (signature === null) return refuse();
    const body = await receiveBody(request);
    if (body === 'too long') return answer('too_long', `The body is longer than ${MOST_BYTES} bytes.`);
    if (body === 'broken off') return answer('broken_off', 'The body is not whole.');
    try {
      return (await isAuthentic(signature, body)) ? accept(body, request.headers.get('rtk-uuid')) : refuse();
    } catch (error) {
      if (!(error instanceof PublicKeyUnavailableError)) throw error;
      return answer('unavailable', `${error.message} Send it again later.`);
    }
  };
}

async function receiveBody({ headers, body }: Request): Promise<Uint8Array<ArrayBuffer> | 'too long' | 'broken off'> {
  if (Number(headers.get('content-length')) > MOST_BYTES) return 'too long';
  if (body === null) return new Uint8Array();
  try {
    return (await readBody(body, MOST_BYTES)) ?? 'too long';
  } catch {
    return 'broken off';
  }
}
