import { type Transport, TransportError } from './transport.ts';

/** Creates the transport for runtimes with `fetch`. */
export function createFetchTransport({
  fetch = globalThis.fetch.bind(globalThis),
}: { fetch?: (url: string, init: RequestInit) => Promise<Response> } = {}): { send: Transport } {
  return {
    async send({ method, url, headers, body, signal, maxBodyBytes }) {
      const aborter = new AbortController();
      signal.addEventListener('abort', () => aborter.abort(signal.reason), { once: true });
      try {
        const response = await fetch(url, {
          method,
          headers,
          body: body ?? null,
          redirect: 'manual',
          signal: aborter.signal,
        });
        const text = await response.text();
        if (text.length > maxBodyBytes) throw new TransportError('too-large', 'The response is too long');
        return { status: response.status, headers: Object.fromEntries(response.headers), body: text };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (error instanceof TransportError) throw error;
        throw new TransportError('interrupted', 'The connection broke', { cause: error });
      }
    },
  };
}
