/**
 * Whether a request is for `path`. The text of the URL is compared first: parsing the URL of every request would cost more than
 * everything else these plugins do. (`hook.url` is parsed on first access.)
 */
export function isRequestFor(hook: { request: Request; url: URL }, path: string): boolean {
  return hook.request.url.includes(path) && hook.url.pathname === path;
}
