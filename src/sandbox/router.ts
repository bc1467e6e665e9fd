import { ENDPOINTS, type Endpoint } from './endpoints.ts';

/** Where a request leads: an endpoint, or none, and then whether another method would have found one. */
export type Match = { endpoint: Endpoint; id: string } | { endpoint: undefined; status: 404 | 405 };

const BASE = /^\/client\/v4\/accounts\/[^/]+\/realtime\/kit\/[^/]+(\/.*)$/;

const ROUTES = ENDPOINTS.map((endpoint) => ({
  endpoint,
  pattern: new RegExp(`^${endpoint.template.replace(/\{\w+\}/, '([^/]+)')}$`),
}));

/** The route templates, as they stand in the log and in faults. */
export const TEMPLATES: readonly string[] = ENDPOINTS.map((endpoint) => endpoint.template);

/** Finds the endpoint of a path; any account and any app will do. */
export function matchRoute(method: string, pathname: string): Match {
  const path = BASE.exec(pathname)?.[1] ?? '';
  const routes = ROUTES.filter(({ pattern }) => pattern.test(path));
  const route = routes.find(({ endpoint }) => endpoint.method === method);
  if (route === undefined) return { endpoint: undefined, status: routes.length > 0 ? 405 : 404 };
  return { endpoint: route.endpoint, id: route.pattern.exec(path)?.[1] ?? '' };
}
