import { importSPKI } from 'jose';

import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { unwrapResponse } from '../realtimekit/envelope.ts';
import { createThrottledWarning } from '../lib/throttledWarning.ts';
import { withTimeout } from '../lib/timeout.ts';
import { getProperty } from '../realtimekit/json.ts';
import type { Transport } from '../realtimekit/transport.ts';

export interface PublicKeySourceOptions {
  /** Where `{ success, data: { publicKey } }` is, the key in PEM (SPKI). */
  keyUrl: string;
  transport: Transport;
  clock: Clock;
  log: Log;
}

/** The public key that RealtimeKit's webhooks are signed with. */
export interface PublicKeySource {
  /** The key, read when it is first needed; rejects with `KeyUnavailable`. */
  current(): Promise<CryptoKey>;
  /**
   * The key as it is now, since a signature was wrong by `old`: it is read again, once a minute at most, however many signatures are
   * wrong; null: that was done less than a minute ago. Rejects with `KeyUnavailable` when the last reading failed.
   */
  refreshAfter(old: CryptoKey): Promise<CryptoKey | null>;
}

/** Nobody can tell now whether a signature is right. */
export class PublicKeyUnavailableError extends Error {
  override readonly name = 'KeyUnavailable';
}

/** Milliseconds. */
const FETCH_TIMEOUT_MS = 5000;
const MIN_REFETCH_INTERVAL_MS = 60_000;
const MIN_RETRY_INTERVAL_MS = 5000;
const MOST_BYTES = 64 * 1024;

export function createPublicKeySource({ keyUrl, transport, clock, log }: PublicKeySourceOptions): PublicKeySource {
  let known: CryptoKey | null = null;
  let reading: Promise<CryptoKey> | null = null;
  let failedAt: number | null = null;
  let lookedAgainAt = -Infinity;
  const logFailure = createThrottledWarning(clock, (_failures, error: unknown) =>
    log('error', "The key of RealtimeKit's webhooks could not be read.", { error: String(error) }),
  );

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
      logFailure(1, error);
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

function unavailable(cause?: unknown): PublicKeyUnavailableError {
  return new PublicKeyUnavailableError("The key of RealtimeKit's webhooks cannot be read now.", { cause });
}
