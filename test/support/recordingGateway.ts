import type { TransportRequest } from '../../src/realtimekit/transport.ts';
import { startTestGateway, type TestGatewayOptions, type TestResponse } from './gateway.ts';
import { NO_CACHING } from './upstream.ts';

type SentRequest = Pick<TransportRequest, 'method' | 'url' | 'headers'> & { body: string | undefined };

/** Starts a gateway that caches nothing and records each upstream request exactly as the transport receives it. */
export async function startRecordingGateway(options: TestGatewayOptions['options'] = {}) {
  const sent: SentRequest[] = [];
  const gateway = await startTestGateway({
    caching: { ttl: NO_CACHING },
    settings: { quota: { enforced: false, limit: 1_000_000 } },
    options,
    intercept: (send) => async (request) => {
      const { method, url, headers, body } = request;
      sent.push({ method, url, headers, body });
      return send(request);
    },
  });
  return {
    ...gateway,
    /** The upstream requests since the previous call. */
    sent: () => sent.splice(0),
    /** Sends an operation by GET. */
    byGet: (parameters: Record<string, string>) =>
      gateway.fetch(`/graphql?${new URLSearchParams(parameters)}`, { headers: { accept: 'application/json' } }),
  };
}

/** The code of each error in a response. */
export const codesOf = ({ errors }: TestResponse): unknown[] => errors.map(({ extensions }) => extensions['code']);
