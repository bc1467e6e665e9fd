import { importSPKI } from 'jose';

import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { unwrapResponse } from '../realtimekit/envelope.ts';
import { withTimeout } from '../lib/timeout.ts';
import { getProperty } from '../realtimekit/json.ts';
import type { Transport } from '../realtimekit/transport.ts';

export interface PublicKeyOptions {
  /** Where `{ success, data: { publicKey } }` is, the key in PEM (SPKI). */
  keyUrl: string;
  transport: Transport;
  clock: Clock;
  log: Log;
}

/** The public key that RealtimeKit's webhooks are signed with. */
export interface PublicKey {
  /** The key, read when it is first needed; rejects with `KeyUnavailable`. */
  current(): Promise<CryptoKey>;
  /**
   * The key as it is now, since a signature was wrong by `old`: it is read again, once a minute at most, however many signatures are
   * wrong; null: that was done less than a minute ago. Rejects with `KeyUnavailable` when the last reading failed.
   */
  refreshAfter(old: CryptoKey): Promise<CryptoKey | null>;
}

/** Nobody can tell now whether a signature is right. */
export class KeyUnavailable extends Error {
  override readonly name = 'KeyUnavailable';
}

/** Milliseconds. */
const FETCH_TIMEOUT_MS = 5000;
const MIN_REFETCH_INTERVAL_MS = 60_000;
const MIN_RETRY_INTERVAL_MS = 5000;
const BETWEEN_WARNINGS = 60_000;
const MOST_BYTES = 64 * 1024;

export function createPublicKey({ keyUrl, transport, clock, log }: PublicKeyOptions): PublicKey {
  let known: CryptoKey | null = null;
  let reading: Promise<CryptoKey> | null = null;
  let failedAt: number | null = null;
  let lookedAgainAt = -Infinity;
  let warnedAt = -Infinity;

  const readPem = async (): Promise<unknown> => {
    const expired = (): Error => new Error(`no answer within ${FETCH_TIMEOUT_MS / 1000} s`);
    const headers = { accept: 'application/json' };
    const answer = await withTimeout({ milliseconds: FETCH_TIMEOUT_MS, clock, expired }, (signal) =>
      transport({ method: 'GET', url: keyUrl, headers, signal, maxBodyBytes: MOST_BYTES }),
    );
    return getProperty(unwrapResponse(answer, [])?.data, 'publicKey');
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
  function fetchKey(): Promise<CryptoKey> {
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  }

  return {
    async current() {
      if (known !== null) return known;
      // While its publisher cannot be reached, not every request that comes is to knock there.
      if (failedAt !== null && clock.now() - failedAt < MIN_RETRY_INTERVAL_MS) throw unavailable();
      return fetchKey();
    },
    async refreshAfter(old) {
      if (known !== old && known !== null) return known;
      const mayLook = reading !== null || clock.now() - lookedAgainAt >= MIN_REFETCH_INTERVAL_MS;
      if (!mayLook && failedAt !== null) throw unavailable();
      if (!mayLook) return null;
      if (reading === null) lookedAgainAt = clock.now();
      return fetchKey();
    },
  };
}

function unavailable(cause?: unknown): KeyUnavailable {
  return new KeyUnavailable("The key of RealtimeKit's webhooks cannot be read now.", { cause });
}
