import { CROSS_ORIGIN_MESSAGE, isAllowedOrigin, isOwnOrigin } from '../cors.ts';
import { isLocalHost, NOT_LOCAL_MESSAGE } from '../localHost.ts';
import { GRAPHQL_PATH, NOT_FOUND_MESSAGE, pathOf } from '../requestTarget.ts';

/** Who may open a WebSocket. */
export interface HandshakeRules {
  /** Origins whose pages may, in addition to the gateway's own origin; `*` for any. */
  corsOrigins: readonly string[];
  /** Whether to reject requests whose `Host` is not a name of this machine. */
  localOnly: boolean;
}

/** A request to open a WebSocket. */
export interface Handshake {
  /** An absolute URL, or path and query. */
  url: string;
  host: string;
  /** Undefined unless a page sent the request. */
  origin: string | undefined;
}

/** Why a WebSocket is not opened: an HTTP status and a message. */
export interface HandshakeError {
  status: 400 | 403 | 404 | 421 | 503;
  message: string;
  headers?: Readonly<Record<string, string>>;
}

/**
 * Returns null if the WebSocket may be opened. The origin must be checked here: browsers let any page open a WebSocket to any site,
 * without a preflight.
 */
export function checkHandshake({ url, host, origin }: Handshake, rules: HandshakeRules): HandshakeError | null {
  if (pathOf(url) !== GRAPHQL_PATH) return { status: 404, message: NOT_FOUND_MESSAGE };
  if (rules.localOnly && !isLocalHost(host)) return { status: 421, message: NOT_LOCAL_MESSAGE };
  if (origin === undefined || isOwnOrigin(origin, host) || isAllowedOrigin(origin, rules.corsOrigins)) return null;
  return { status: 403, message: CROSS_ORIGIN_MESSAGE };
}

/** The error for a handshake that breaks the protocol. Its response names the versions of the protocol (RFC 6455, section 4.4). */
export function invalidHandshake({ message }: Error): HandshakeError {
  const headers = { 'sec-websocket-version': '13, 8' };
  return { status: 400, message: `The WebSocket handshake is invalid: ${message}.`, headers };
}
