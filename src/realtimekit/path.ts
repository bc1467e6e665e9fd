import { UpstreamError } from '../domain/errors.ts';
import { isId } from '../domain/ids.ts';

/** A path of the API below the app's own, and the route it belongs to: the same with `{id}` for every id. */
export interface ApiPath {
  path: string;
  route: string;
}

/**
 * Builds every upstream path: path`/meetings/${id}/active-livestream`. Each value has to be an id, else it throws
 * `UPSTREAM_INVALID_RESPONSE`, for callers' ids were looked at before: escaping alone would not do, since encodeURIComponent('..') is still '..'.
 */
export function path(literals: TemplateStringsArray, ...ids: string[]): ApiPath {
  let built = literals[0] ?? '';
  for (const [index, id] of ids.entries()) built += checked(id) + (literals[index + 1] ?? '');
  return { path: built, route: routeOf(literals) };
}

function checked(id: string): string {
  if (isId(id)) return id;
  const words = 'RealtimeKit told an id that nothing can be asked for by.';
  throw new UpstreamError('notSent', 'UPSTREAM_INVALID_RESPONSE', words);
}

/** A template's literals are the same object at each call, so that its route is put together once. */
const routes = new WeakMap<TemplateStringsArray, string>();

function routeOf(literals: TemplateStringsArray): string {
  const known = routes.get(literals);
  if (known !== undefined) return known;
  const route = literals.join('{id}');
  routes.set(literals, route);
  return route;
}
