import { CROSS_ORIGIN_MESSAGE, isAllowedOrigin } from '../cors.ts';
import { isLocalHost } from '../plugins/useHostCheck.ts';

/** Who may open a WebSocket. */
export interface HandshakeRules {
  /** Which sites' pages may, beside our own; `*`: any. */
  corsOrigins: readonly string[];
  /** Whether only this machine's own names are answered to. */
  localOnly: boolean;
}

/** What a request for a WebSocket tells. */
export interface Handshake {
  url: string;
  host: string;
  /** Undefined: no page sent it. */
  origin: string | undefined;
}

/** Why no WebSocket is opened. */
export interface HandshakeRefusal {
  status: 403 | 404 | 421;
  words: string;
}

/** Null: it is opened. Browsers let any page ask any site for a WebSocket, with no word from that site. */
export function refuseHandshake({ url, host, origin }: Handshake, rules: HandshakeRules): HandshakeRefusal | null {
  if (url.split('?')[0] !== '/graphql') return { status: 404, words: 'There is nothing here. GraphQL is at /graphql.' };
  if (rules.localOnly && !isLocalHost(host))
    return {
      status: 421,
      words: 'Without AUTH this gateway is served to this machine alone, as localhost or 127.0.0.1.',
    };
  const isOwn = origin === undefined || hostOf(origin) === host.toLowerCase();
  if (isOwn || isAllowedOrigin(origin, rules.corsOrigins)) return null;
  return { status: 403, words: CROSS_ORIGIN_MESSAGE };
}

function hostOf(origin: string): string | null {
  return URL.canParse(origin) ? new URL(origin).host : null;
}
