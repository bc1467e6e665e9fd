import { UpstreamError } from '../domain/errors.ts';
import { isId } from '../domain/ids.ts';

/** A path of the API, relative to the app's URL. */
export interface ApiPath {
  path: string;
  /** The path with `{id}` in place of every id. */
  route: string;
}

/**
 * Template tag that builds every upstream path: path`/meetings/${id}/active-livestream`. Throws `UPSTREAM_INVALID_RESPONSE` for a
 * value that is not an id: callers' ids have been checked before, so that the value came from RealtimeKit. Escaping alone would not
 * be safe, because encodeURIComponent('..') is '..'.
 */
export function path(literals: TemplateStringsArray, ...ids: string[]): ApiPath {
  let built = literals[0] ?? '';
  for (const [index, id] of ids.entries()) built += validId(id) + (literals[index + 1] ?? '');
  return { path: built, route: routeOf(literals) };
}

function validId(id: string): string {
  if (isId(id)) return id;
  const message = 'RealtimeKit sent an ID that cannot be used in a request.';
  throw new UpstreamError('notSent', 'UPSTREAM_INVALID_RESPONSE', message);
}

/** Routes by template: each template passes the same `literals` object at every call. */
const routes = new WeakMap<TemplateStringsArray, string>();

function routeOf(literals: TemplateStringsArray): string {
  const cached = routes.get(literals);
  if (cached !== undefined) return cached;
  const route = literals.join('{id}');
  routes.set(literals, route);
  return route;
}
