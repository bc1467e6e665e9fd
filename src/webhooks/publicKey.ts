import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createThrottledWarning } from '../lib/throttledWarning.ts';
import { withTimeout } from '../lib/timeout.ts';
import { unwrapResponse } from '../realtimekit/envelope.ts';
import { getProperty } from '../realtimekit/json.ts';
import type { Transport } from '../realtimekit/transport.ts';

export interface PublicKeySourceOptions {
  /** The URL of `{ success, data: { publicKey } }`; `publicKey` is PEM (SPKI). */
  keyUrl: string;
  transport: Transport;
  clock: Clock;
  log: Log;
}

/** Signatures cannot be verified at the moment. */
export class PublicKeyUnavailableError extends Error {
  override readonly name = 'PublicKeyUnavailableError';
}

const FETCH_TIMEOUT_MS = 5000;
/** The minimum time between two fetches that look for a rotated key. */
const MIN_REFRESH_INTERVAL_MS = 60_000;
/** The minimum time between a failed fetch and the next one while there is no key. */
const MIN_RETRY_INTERVAL_MS = 5000;
const MAX_RESPONSE_BYTES = 64 * 1024;

/** The public key that verifies RealtimeKit's webhook signatures. Concurrent callers share one fetch. */
export function createPublicKeySource({ keyUrl, transport, clock, log }: PublicKeySourceOptions) {
  let key: CryptoKey | null = null;
  let inFlight: Promise<CryptoKey> | null = null;
  /** When the last fetch failed; null if it succeeded, or before the first fetch. */
  let failedAt: number | null = null;
  let refreshedAt = -Infinity;
  const warn = createThrottledWarning(clock, (_count, error: unknown) =>
    log('error', "Cannot fetch the public key of RealtimeKit's webhooks.", { error: String(error) }),
  );

  async function fetchPem(): Promise<unknown> {
    const createError = (): Error => new Error(`no response within ${FETCH_TIMEOUT_MS / 1000} s`);
    const headers = { accept: 'application/json' };
    const response = await withTimeout({ timeoutMs: FETCH_TIMEOUT_MS, clock, createError }, (signal) =>
      transport({ method: 'GET', url: keyUrl, headers, signal, maxBodyBytes: MAX_RESPONSE_BYTES }),
    );
    if (response.status !== 200) throw new Error(`the status of the response is ${response.status}`);
    return getProperty(unwrapResponse(response, { secrets: [] })?.data, 'publicKey');
  }

  async function fetchAndImportKey(): Promise<CryptoKey> {
    try {
      const pem = await fetchPem();
      if (typeof pem !== 'string') throw new Error('no "publicKey" in the response');
      // Loaded with the first webhook.
      const { importSPKI } = await import('jose');
      key = await importSPKI(pem.trim(), 'RS256');
      failedAt = null;
      return key;
    } catch (error) {
      failedAt = clock.now();
      warn(1, error);
      throw unavailable(error);
    }
  }

  /** Starts a fetch, or joins the one in flight. */
  function fetchKey(): Promise<CryptoKey> {
    inFlight ??= fetchAndImportKey().finally(() => {
      inFlight = null;
    });
    return inFlight;
  }

  return {
    /** Returns the cached key, or fetches it on first use. Rejects with `PublicKeyUnavailableError`. */
    async current(): Promise<CryptoKey> {
      if (key !== null) return key;
      // While the key server is down, not every webhook may cause a request to it.
      if (failedAt !== null && clock.now() - failedAt < MIN_RETRY_INTERVAL_MS) throw unavailable();
      return fetchKey();
    },
    /**
     * Returns the key that replaced `old`, which failed to verify a signature: RealtimeKit may have rotated its key. Fetches the key
     * at most once a minute, however many signatures fail. Returns null if the last fetch is more recent than that: the key may have been
     * rotated since. Rejects with `PublicKeyUnavailableError` if that fetch failed.
     */
    async refreshAfter(old: CryptoKey): Promise<CryptoKey | null> {
      if (key !== old && key !== null) return key;
      if (inFlight !== null) return inFlight;
      const now = clock.now();
      if (now - refreshedAt >= MIN_REFRESH_INTERVAL_MS) {
        refreshedAt = now;
        return fetchKey();
      }
      if (failedAt !== null) throw unavailable();
      return null;
    },
  };
}

function unavailable(cause?: unknown): PublicKeyUnavailableError {
  return new PublicKeyUnavailableError("The public key of RealtimeKit's webhooks is unavailable.", { cause });
}
