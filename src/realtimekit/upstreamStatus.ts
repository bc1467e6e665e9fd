import type { FailureReason } from '../domain/errors.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createThrottledWarning } from '../lib/throttledWarning.ts';
import type { Metrics, UpstreamFailureCause } from '../telemetry/metrics.ts';
import type { TransportError } from './transport.ts';

/** Whether the latest request reached RealtimeKit, or why it failed; `unknown` before the first one. */
type UpstreamState = 'unknown' | 'ok' | UpstreamFailureCause;

/** Tells the operator why requests to RealtimeKit fail. */
export function createUpstreamStatus(clock: Clock, log: Log, metrics?: Pick<Metrics, 'upstreamFailure'>) {
  const warnings = new Map(
    Object.entries(EXPLANATIONS).map(([cause, explanation]) => {
      const warn = (requests: number, code: FailureReason['code']): void =>
        log('error', 'Requests to RealtimeKit fail.', { cause, code, ...explanation, requests });
      return [cause, createThrottledWarning(clock, warn)];
    }),
  );
  let state: UpstreamState = 'unknown';
  return {
    /** Records a response (null), or why a request failed. Each cause is logged at most once a minute. */
    record(reason: FailureReason | null): void {
      state = reason === null ? 'ok' : reason.cause;
      if (reason === null) return;
      metrics?.upstreamFailure(reason.cause);
      warnings.get(reason.cause)?.(1, reason.code);
    },
    current: (): UpstreamState => state,
  };
}

/** What each cause means, and what the operator should check. */
export const EXPLANATIONS: Record<UpstreamFailureCause, { reason: string; check: string }> = {
  dns: { reason: 'the host name cannot be resolved', check: 'CLOUDFLARE_BASE_URL, HTTPS_PROXY, the DNS' },
  refused: { reason: 'nothing accepts connections at the address', check: 'CLOUDFLARE_BASE_URL, HTTPS_PROXY' },
  unreachable: { reason: 'no connection can be established', check: 'CLOUDFLARE_BASE_URL, HTTPS_PROXY, the network' },
  connect_timeout: { reason: 'no connection came about in time', check: 'HTTPS_PROXY, the firewall' },
  tls: { reason: 'the certificate is not trusted, or TLS failed', check: 'NODE_EXTRA_CA_CERTS, CLOUDFLARE_BASE_URL' },
  proxy: { reason: 'the proxy did not connect', check: 'HTTPS_PROXY' },
  open_files: { reason: 'the process may open no more files', check: 'the limit of open files (ulimit -n)' },
  interrupted: { reason: 'the connection broke before the response was complete', check: 'HTTPS_PROXY, the network' },
  timeout: { reason: 'RealtimeKit did not respond in time', check: 'UPSTREAM_ATTEMPT_TIMEOUT_MS, the network' },
  token: { reason: 'RealtimeKit rejects the API token', check: 'CLOUDFLARE_API_TOKEN' },
  address: {
    reason: 'RealtimeKit does not know the account or the app',
    check: 'CLOUDFLARE_ACCOUNT_ID, REALTIMEKIT_APP_ID, CLOUDFLARE_BASE_URL',
  },
};

/** The causes of failed connections, by the code of the operating system or of undici. */
const CAUSES: Readonly<Record<string, UpstreamFailureCause>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  EAI_NONAME: 'dns',
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'connect_timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  EMFILE: 'open_files',
  ENFILE: 'open_files',
  UND_ERR_ABORTED: 'proxy',
  UND_ERR_HEADERS_TIMEOUT: 'proxy',
  UND_ERR_INVALID_ARG: 'proxy',
};
/** The codes of TLS, and of OpenSSL's verification of certificates. */
const TLS_CODE =
  /^(ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA$|HOSTNAME_MISMATCH$)/;

/** Why a request got no complete response. */
export function reasonOf({ failure, code }: TransportError): FailureReason {
  if (failure !== 'connect') return { cause: 'interrupted', code };
  if (code === null) return { cause: 'unreachable', code };
  if (code.startsWith('UND_ERR_PRX')) return { cause: 'proxy', code };
  return { cause: TLS_CODE.test(code) ? 'tls' : (CAUSES[code] ?? 'unreachable'), code };
}
