import { ENDPOINTS, type Endpoint } from './routes.ts';

/** Where a request leads: an endpoint, or none, and then whether another method would have found one. */
export type Match = { endpoint: Endpoint; appId: string; id: string } | { endpoint: undefined; status: 404 | 405 };

const BASE = /^\/client\/v4\/accounts\/[^/]+\/realtime\/kit\/([^/]+)(\/.*)$/;

const ROUTES = ENDPOINTS.map((endpoint) => ({
  endpoint,
  pattern: new RegExp(`^${endpoint.template.replace(/\{\w+\}/, '([^/]+)')}$`),
}));

/** Where the public key of the webhooks' signatures is, below the origin and not below the API. */
export const WEBHOOK_KEY_PATH = '/.well-known/webhooks.json';

/** The API's route templates, as they stand in the log and in faults. */
export const ROUTE_TEMPLATES: readonly string[] = [...new Set(ENDPOINTS.map((endpoint) => endpoint.template))];

/** Finds the endpoint of a path; any account and any app will do. */
export function matchRoute(method: string, pathname: string): Match {
  const [, appId = '', path = ''] = BASE.exec(pathname) ?? [];
  const routes = ROUTES.filter(({ pattern }) => pattern.test(path));
  const route = routes.find(({ endpoint }) => endpoint.method === method);
  if (route === undefined) return { endpoint: undefined, status: routes.length > 0 ? 405 : 404 };
  return { endpoint: route.endpoint, appId, id: route.pattern.exec(path)?.[1] ?? '' };
}
