/** The fields of the REST API's rows that the benchmark uses. */
export interface LivestreamRow {
  id: string;
  name?: string;
  status: string;
  playback_url?: string;
  updated_at?: string;
}

export interface SessionRow {
  id: string;
  started_time?: string;
  viewer_seconds?: string | number;
  updated_at?: string;
}

/** A response body of the REST API. */
export interface ResponseBody<Data> {
  data: Data | null;
}

/** Checks that a JSON value has `data`, and trusts that the data has the documented type. Throws a `TypeError` otherwise. */
export function parseResponseBody<Data>(json: unknown): ResponseBody<Data> {
  if (isResponseBody<Data>(json)) return json;
  throw new TypeError('Not a response body of the REST API');
}

function isResponseBody<Data>(json: unknown): json is ResponseBody<Data> {
  return typeof json === 'object' && json !== null && 'data' in json;
}

/** Reads the REST API's address and token from the environment variables that the gateway also uses. */
export function restApiFromEnv(env: Record<string, string | undefined>): {
  origin: string;
  baseUrl: string;
  token: string;
} {
  const { CLOUDFLARE_BASE_URL, CLOUDFLARE_ACCOUNT_ID, REALTIMEKIT_APP_ID, CLOUDFLARE_API_TOKEN = '' } = env;
  const baseUrl = `${CLOUDFLARE_BASE_URL}/accounts/${CLOUDFLARE_ACCOUNT_ID}/realtime/kit/${REALTIMEKIT_APP_ID}`;
  return { origin: new URL(baseUrl).origin, baseUrl, token: CLOUDFLARE_API_TOKEN };
}

/** The paths of the requests that the benchmark's queries need. Each server sends them with its own HTTP client. */
export const PATHS = {
  activeLivestream: (meetingId: string) => `/meetings/${encodeURIComponent(meetingId)}/active-livestream`,
  activeSession: (livestreamId: string) => `/livestreams/${encodeURIComponent(livestreamId)}/active-livestream-session`,
  livestreams: (first: number, status: string | undefined) =>
    `/livestreams?per_page=${first}${status === undefined ? '' : `&status=${status}`}`,
};
