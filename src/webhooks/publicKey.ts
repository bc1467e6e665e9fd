import { importSPKI } from 'jose';

import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { readAnswer } from '../realtimekit/envelope.ts';
import { withDeadline } from '../lib/timeout.ts';
import { member } from '../realtimekit/json.ts';
import type { Transport } from '../realtimekit/transport.ts';

export interface WebhookKeyOptions {
  /** Where `{ success, data: { publicKey } }` is, the key in PEM (SPKI). */
  keyUrl: string;
  transport: Transport;
  clock: Clock;
  log: Log;
}

/** The public key that RealtimeKit's webhooks are signed with. */
export interface WebhookKey {
  /** The key, read when it is first needed; rejects with `KeyUnavailable`. */
  current(): Promise<CryptoKey>;
  /**
   * The key as it is now, since a signature was wrong by `old`: it is read again, once a minute at most, however many signatures are
   * wrong; null: that was done less than a minute ago. Rejects with `KeyUnavailable` when the last reading failed.
   */
  newerThan(old: CryptoKey): Promise<CryptoKey | null>;
}

/** Nobody can tell now whether a signature is right. */
export class KeyUnavailable extends Error {
  override readonly name = 'KeyUnavailable';
}

/** Milliseconds. */
const DEADLINE = 5000;
const BETWEEN_LOOKS = 60_000;
const BETWEEN_FAILURES = 5000;
const BETWEEN_WARNINGS = 60_000;
const MOST_BYTES = 64 * 1024;

export function createWebhookKey({ keyUrl, transport, clock, log }: WebhookKeyOptions): WebhookKey {
  let known: CryptoKey | null = null;
  let reading: Promise<CryptoKey> | null = null;
  let failedAt: number | null = null;
  let lookedAgainAt = -Infinity;
  let warnedAt = -Infinity;

  const readPem = async (): Promise<unknown> => {
    const expired = (): Error => new Error(`no answer within ${DEADLINE / 1000} s`);
    const headers = { accept: 'application/json' };
    const answer = await withDeadline({ milliseconds: DEADLINE, clock, expired }, (signal) =>
      transport({ method: 'GET', url: keyUrl, headers, signal, maxBodyBytes: MOST_BYTES }),
    );
    return member(readAnswer(answer, [])?.data, 'publicKey');
  };

  async function read(): Promise<CryptoKey> {
    try {
      const pem = await readPem();
      if (typeof pem !== 'string') throw new Error('no "publicKey" in the answer');
      known = await importSPKI(pem.trim(), 'RS256');
      failedAt = null;
      return known;
    } catch (error) {
      failedAt = clock.now();
      if (failedAt - warnedAt >= BETWEEN_WARNINGS) {
        warnedAt = failedAt;
        log('error', "The key of RealtimeKit's webhooks could not be read.", { error: String(error) });
      }
      throw unavailable(error);
    }
  }

  /** Reads the key once for all who want it at the same time. */
  function look(): Promise<CryptoKey> {
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  }

  return {
    async current() {
      if (known !== null) return known;
      // While its publisher cannot be reached, not every request that comes is to knock there.
      if (failedAt !== null && clock.now() - failedAt < BETWEEN_FAILURES) throw unavailable();
      return look();
    },
    async newerThan(old) {
      if (known !== old && known !== null) return known;
      const mayLook = reading !== null || clock.now() - lookedAgainAt >= BETWEEN_LOOKS;
      if (!mayLook && failedAt !== null) throw unavailable();
      if (!mayLook) return null;
      if (reading === null) lookedAgainAt = clock.now();
      return look();
    },
  };
}

function unavailable(cause?: unknown): KeyUnavailable {
  return new KeyUnavailable("The key of RealtimeKit's webhooks cannot be read now.", { cause });
}
