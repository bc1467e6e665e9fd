import type { CORSOptions } from 'graphql-yoga';

/** What pages of other sites may do: the listed ones everything, the others nothing. Their cookies are never asked for. */
export function corsFor(request: Request, origins: readonly string[]): CORSOptions {
  const origin = request.headers.get('origin') ?? '';
  // Of an origin that is not in its list Yoga would allow `null`, which any page in a sandboxed frame has.
  if (!origins.includes('*') && !origins.includes(origin)) return false;
  return {
    origin: [...origins],
    methods: ['GET', 'POST'],
    credentials: false,
    exposedHeaders: ['x-request-id'],
    maxAge: 7200,
  };
}
