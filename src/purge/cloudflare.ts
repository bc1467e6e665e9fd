import { getProperty, isObject, parseJson } from '../realtimekit/json.ts';
import { jsonHeaders, type PurgeEndpoint, statusFailure } from './purgeEndpoint.ts';

export interface CloudflareSettings {
  /** The API's base URL, without a trailing slash. */
  baseUrl: string;
  /** The zone whose cache holds the gateway's responses. */
  zoneId: string;
  /** Secret. An API token with the permission "Cache Purge" for the zone. */
  token: string;
}

/** "Max operations per request" of every plan: https://developers.cloudflare.com/cache/how-to/purge-cache/#purge-limits */
const MAX_TAGS = 100;

/**
 * Cloudflare's purge by tag: https://developers.cloudflare.com/api/resources/cache/methods/purge/
 *
 * The API responds with `{ success, errors: [{ code, message }] }`, whatever the status.
 */
export function cloudflareEndpoint({ baseUrl, zoneId, token }: CloudflareSettings): PurgeEndpoint {
  return {
    name: 'cloudflare',
    maxTags: MAX_TAGS,
    createRequest: (tags) => ({
      url: `${baseUrl}/zones/${zoneId}/purge_cache`,
      headers: jsonHeaders(`Bearer ${token}`),
      body: JSON.stringify({ tags }),
    }),
    failureOf(response) {
      const body = parseJson(response.body);
      if (getProperty(body, 'success') === true) return statusFailure(response);
      // Messages may quote what was sent, so that only the code is repeated.
      const [code] = errorCodesOf(body);
      const failure = statusFailure(response) ?? 'the response does not confirm the purge';
      return code === undefined ? failure : `${failure}, with Cloudflare's code ${code}`;
    },
  };
}

function errorCodesOf(body: unknown): number[] {
  return [getProperty(body, 'errors')]
    .flat()
    .filter(isObject)
    .flatMap(({ code }) => (typeof code === 'number' ? [code] : []));
}
