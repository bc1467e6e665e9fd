import { ENDPOINTS, type Endpoint } from './routes.ts';

/** The endpoint of a request; if there is none, 405 if the path exists with another method, else 404. */
export type Match = { endpoint: Endpoint; appId: string; id: string } | { endpoint: undefined; status: 404 | 405 };

const BASE = /^\/client\/v4\/accounts\/[^/]+\/realtime\/kit\/([^/]+)(\/.*)$/;

const ROUTES = ENDPOINTS.map((endpoint) => ({
  endpoint,
  pattern: new RegExp(`^${endpoint.template.replace(/\{\w+\}/, '([^/]+)')}$`),
}));

/** The path of the public key for webhook signatures, relative to the origin, not to the API. */
export const WEBHOOK_KEY_PATH = '/.well-known/webhooks.json';

/** The API's route templates, which the request log and faults use. */
export const ROUTE_TEMPLATES: readonly string[] = [...new Set(ENDPOINTS.map((endpoint) => endpoint.template))];

/** Finds the endpoint of a path, for any account and any app. */
export function matchRoute(method: string, pathname: string): Match {
  const [, appId = '', path = ''] = BASE.exec(pathname) ?? [];
  const routes = ROUTES.filter(({ pattern }) => pattern.test(path));
  const route = routes.find(({ endpoint }) => endpoint.method === method);
  if (route === undefined) return { endpoint: undefined, status: routes.length > 0 ? 405 : 404 };
  return { endpoint: route.endpoint, appId, id: route.pattern.exec(path)?.[1] ?? '' };
}
