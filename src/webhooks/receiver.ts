import { LRUCache } from 'lru-cache';

import { KEY_PREFIX } from '../cluster/keys.ts';
import type { ChangedIds } from '../domain/models.ts';
import { readBody } from '../lib/readBody.ts';
import type { SavedState } from '../lib/savedState.ts';
import { createThrottledWarning } from '../lib/throttledWarning.ts';
import type { WebhookOutcome } from '../telemetry/metrics.ts';
import { createPublicKeySource, PublicKeyUnavailableError, type PublicKeySourceOptions } from './publicKey.ts';
import { parseSignature, verifySignature } from './signature.ts';
import { parseWebhookEvent } from './webhookEvent.ts';

interface WebhookReceiverOptions extends PublicKeySourceOptions {
  /**
   * Called once for each event, with what it reports as changed. The receiver does not wait for work that the callback starts. An event
   * is only a hint, and the callback must read the truth back: RealtimeKit signs the events of all its customers with the same key, an
   * event does not say which customer it concerns, and a late event looks like a new one.
   */
  onEvent: (ids: ChangedIds) => void;
  /** Where the ids of deliveries are saved, too, so that duplicates are detected after an eviction; null (the default) if nowhere. */
  savedState?: SavedState | null;
  /** Called with the outcome of each delivery. */
  onOutcome?: (outcome: WebhookOutcome) => void;
}

/** Handles a webhook's POST request. */
export type WebhookReceiver = (request: Request) => Promise<Response>;

const STATUS = {
  accepted: 200,
  duplicate: 200,
  ignored: 200,
  unauthorized: 401,
  malformed: 400,
  aborted: 400,
  too_large: 413,
  rate_limited: 503,
  unavailable: 503,
} as const satisfies Record<WebhookOutcome, number>;

/** 256 KiB; an event has about 1 KiB. */
const MAX_BODY_BYTES = 256 * 1024;
/** How many events are handled in a minute: a signature is valid for ever, so one delivery can be replayed under any number of ids. */
const MAX_EVENTS_PER_MINUTE = 600;
const MINUTE_MS = 60_000;
/** How many delivery ids the receiver remembers to detect duplicates. */
const MAX_REMEMBERED_DELIVERIES = 10_000;
/** How long a saved delivery id is remembered. RealtimeKit does not document when it sends a delivery for the last time. */
const SAVED_DELIVERY_TTL_MS = 86_400_000;
/** In characters. RealtimeKit's delivery ids are UUIDs; the receiver does not remember longer ones. */
const MAX_DELIVERY_ID_LENGTH = 64;

/**
 * Receives RealtimeKit's webhooks: verifies the signature before it parses a body, and drops duplicates. An unsigned request costs
 * next to nothing. RealtimeKit sends a delivery again after a 5xx response, and gives up after a 4xx response.
 *
 * - 200: accepted, a duplicate, or an event that the gateway ignores;
 * - 401: not signed by RealtimeKit;
 * - 400: signed, but not an event, or the body was incomplete;
 * - 413: longer than 256 KiB;
 * - 503 with `retry-after`: not signed with the key that was fetched within the last minute, but perhaps with a newer one; or one
 *   event too many within a minute;
 * - 503: the signature cannot be verified at the moment, so RealtimeKit must send the delivery again.
 */
export function createWebhookReceiver({
  onEvent,
  onOutcome,
  savedState = null,
  ...options
}: WebhookReceiverOptions): WebhookReceiver {
  const { clock, log } = options;
  const publicKey = createPublicKeySource(options);
  let window = { startedAt: -Infinity, count: 0 };
  const deliveryIds = new LRUCache<string, true>({ max: MAX_REMEMBERED_DELIVERIES });
  const warnOfRejections = createThrottledWarning(clock, (rejected) =>
    log('warn', 'Rejected webhook deliveries that RealtimeKit did not sign.', { rejected }),
  );

  /** Whether RealtimeKit signed the body; null if only a newer key could tell, which must not be fetched yet. */
  async function verify(signature: Uint8Array<ArrayBuffer>, body: Uint8Array<ArrayBuffer>): Promise<boolean | null> {
    const key = await publicKey.current();
    if (await verifySignature(key, signature, body)) return true;
    const newKey = await publicKey.refreshAfter(key);
    return newKey && verifySignature(newKey, signature, body);
  }

  function reject(): Response {
    warnOfRejections(1);
    return respond('unauthorized', 'The header "rtk-signature" is not RealtimeKit\'s signature of this body.');
  }

  /** Whether a delivery was handled before. If the storage fails, RealtimeKit sends the delivery again. */
  function isDuplicate(deliveryId: string): boolean {
    return deliveryIds.has(deliveryId) || (savedState !== null && savedState.get(savedKeyOf(deliveryId)) !== null);
  }

  function remember(deliveryId: string): void {
    savedState?.set(savedKeyOf(deliveryId), 'accepted', SAVED_DELIVERY_TTL_MS);
    deliveryIds.set(deliveryId, true);
  }

  function isWithinLimit(): boolean {
    const now = clock.now();
    if (now - window.startedAt >= MINUTE_MS) window = { startedAt: now, count: 0 };
    window.count += 1;
    return window.count <= MAX_EVENTS_PER_MINUTE;
  }

  function handle(ids: ChangedIds): void {
    try {
      onEvent(ids);
    } catch (error) {
      // The delivery still counts as accepted: the handler would fail again if RealtimeKit sent it again.
      log('error', 'Handling a webhook event failed.', { error: String(error) });
    }
  }

  function accept(body: Uint8Array, header: string | null): Response {
    const ids = parseWebhookEvent(body);
    if (ids === null) return respond('malformed', 'The body is not a RealtimeKit event.');
    if (ids === 'other') return respond('ignored');
    const deliveryId = header !== null && header.length <= MAX_DELIVERY_ID_LENGTH ? header : null;
    if (deliveryId !== null && isDuplicate(deliveryId)) return respond('duplicate');
    if (!isWithinLimit()) return sendAgain(respond('rate_limited', 'Too many events. Send the delivery again later.'));
    if (deliveryId !== null) remember(deliveryId);
    handle(ids);
    return respond('accepted');
  }

  function respond(outcome: WebhookOutcome, message?: string): Response {
    onOutcome?.(outcome);
    return new Response(message === undefined ? null : `${message}\n`, { status: STATUS[outcome] });
  }

  return async (request) => {
    const signature = parseSignature(request.headers.get('rtk-signature'));
    if (signature === null) return reject();
    const body = await receiveBody(request);
    if (body === 'too large') return respond('too_large', `The body must not be longer than ${MAX_BODY_BYTES} bytes.`);
    if (body === 'aborted') return respond('aborted', 'The connection broke before the whole body arrived.');
    try {
      const isAuthentic = await verify(signature, body);
      // Probably forged, but RealtimeKit may just have begun to sign with another key.
      if (isAuthentic === null) return sendAgain(reject());
      return isAuthentic ? accept(body, request.headers.get('rtk-uuid')) : reject();
    } catch (error) {
      if (!(error instanceof PublicKeyUnavailableError)) throw error;
      return respond('unavailable', `${error.message} Send the delivery again later.`);
    }
  };
}

function savedKeyOf(deliveryId: string): string {
  return `${KEY_PREFIX}delivery ${deliveryId}`;
}

/** The response as one that makes RealtimeKit send the delivery again: after a minute, when the key and the limit allow more. */
function sendAgain({ body, headers }: Response): Response {
  headers.set('retry-after', '60');
  return new Response(body, { status: 503, headers });
}

async function receiveBody({ headers, body }: Request): Promise<Uint8Array<ArrayBuffer> | 'too large' | 'aborted'> {
  if (Number(headers.get('content-length')) > MAX_BODY_BYTES) return 'too large';
  if (body === null) return new Uint8Array();
  try {
    return (await readBody(body, MAX_BODY_BYTES)) ?? 'too large';
  } catch {
    return 'aborted';
  }
}
