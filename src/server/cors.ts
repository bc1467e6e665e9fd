import type { CORSOptions } from 'graphql-yoga';

/** How long browsers may cache the response to a preflight request. Chromium allows no more. */
const MAX_AGE_SECONDS = 7200;

/** The CORS options for a request: pages of the listed origins may send requests, without cookies; pages of other origins may not. */
export function corsFor(request: Request, origins: readonly string[]): CORSOptions {
  // For an origin that is not listed, Yoga would allow the origin `null`, which any page in a sandboxed frame has.
  if (!isAllowedOrigin(request.headers.get('origin'), origins)) return false;
  return {
    // The response names the request's own origin, which is allowed.
    origin: '*',
    methods: ['GET', 'POST'],
    credentials: false,
    exposedHeaders: ['x-request-id'],
    maxAge: MAX_AGE_SECONDS,
  };
}

/**
 * Whether pages of `origin` may send requests. `*` in `origins` allows any origin, and `*` in place of a host's first label any one
 * label: `https://*.example.com` allows `https://app.example.com`.
 */
export function isAllowedOrigin(origin: string | null | undefined, origins: readonly string[]): boolean {
  if (origins.includes('*')) return true;
  return (
    origin != null && (origins.includes(origin) || origins.includes(origin.replace(/(?<=:\/\/)[^.:/]+(?=\.)/, '*')))
  );
}

/** The error message for pages of other origins. */
export const CROSS_ORIGIN_MESSAGE =
  "This gateway accepts no requests from other sites' pages. The operator can allow an origin with CORS_ORIGINS.";
