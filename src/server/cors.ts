import type { CORSOptions } from 'graphql-yoga';

/** What pages of other sites may do: the listed ones everything, the others nothing. Their cookies are never asked for. */
export function corsFor(request: Request, origins: readonly string[]): CORSOptions {
  // Of an origin that is not in its list Yoga would allow `null`, which any page in a sandboxed frame has.
  if (!isAllowedOrigin(request.headers.get('origin'), origins)) return false;
  return {
    origin: [...origins],
    methods: ['GET', 'POST'],
    credentials: false,
    exposedHeaders: ['x-request-id'],
    maxAge: 7200,
  };
}

/** Whether the pages of this origin may call. */
export function isAllowedOrigin(origin: string | null | undefined, origins: readonly string[]): boolean {
  return origins.includes('*') || origins.includes(origin ?? '');
}

/** What the others are told. */
export const CROSS_ORIGIN_MESSAGE = 'Pages of other sites may not call this gateway.';
