/** The path of GraphQL, over HTTP and WebSocket. */
export const GRAPHQL_PATH = '/graphql';

/** The path of the schema as a file, where introspection is allowed. `.graphql` at the end of a URL tells tools that it is SDL. */
export const SCHEMA_PATH = '/schema.graphql';

/** The error message for other paths. */
export const NOT_FOUND_MESSAGE = `Not found. GraphQL is at ${GRAPHQL_PATH}.`;

/** The parts of an HTTP/1 request that say what the request is for. */
export interface RequestHead {
  httpVersion: string;
  method?: string | undefined;
  /** The request target, as sent. */
  url?: string | undefined;
  headers: { readonly host?: string | undefined };
}

/** The origin-form of a request's target, or `*`, and the value of `Host` that applies to the request; or what is wrong with them. */
export type ResolvedTarget = { url: string; host: string | undefined } | { problem: string };

/** A host and a port. Excludes user names, which HTTP forbids in URLs (RFC 9110, section 4.2.4). */
const AUTHORITY = /^([\w.-]+|\[[\da-f:.]+\])(:\d*)?$/i;
const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)([^#]*)$/i;
const ORIGIN_FORM = /^\/[^#]*$/;

/**
 * Checks a request's target and `Host`, and resolves the target (RFC 9112, section 3.2). In absolute-form, its authority takes the
 * place of `Host`, which must be valid all the same. HTTP/1.0 needs no `Host`.
 */
export function resolveTarget({ httpVersion, method, url = '', headers: { host } }: RequestHead): ResolvedTarget {
  if (host === undefined ? httpVersion !== '1.0' : !isAuthority(host))
    return { problem: 'Send one "Host" header with a host name or IP address and, if needed, a port.' };
  if (ORIGIN_FORM.test(url) || (url === '*' && method === 'OPTIONS')) return { url, host };
  const [, authority = '', path = ''] = ABSOLUTE_FORM.exec(url) ?? [];
  if (isAuthority(authority)) return { url: path.startsWith('/') ? path : `/${path}`, host: authority };
  return { problem: 'The request target must be a path, such as /graphql, or an http URL without a user name.' };
}

/** Whether `text` is a host and a port with which URLs can be built: nothing in it can end up in their path. */
function isAuthority(text: string): boolean {
  return AUTHORITY.test(text) && URL.canParse(`http://${text}`);
}

/**
 * The path by which a request is routed, from its absolute URL or the origin-form of its target: without the query and one trailing slash.
 * The path is not normalized: rules of a proxy for other paths, such as `/public\..\metrics`, must not apply to one of the gateway's.
 */
export function pathOf(url: string): string {
  const start = url.startsWith('/') ? 0 : url.indexOf('/', 'https://'.length);
  const query = url.indexOf('?', start);
  const path = url.slice(start, query === -1 ? undefined : query);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
