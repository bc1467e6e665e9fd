/** The REST API's rows, as far as the benchmark reads them. */
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

/** The answer's content, under the key that it stands under. */
export interface Envelope<Data> {
  data: Data | null;
}

/** An answer's JSON, its content taken to be what the route's page says. */
export function envelopeOf<Data>(json: unknown): Envelope<Data> {
  if (isEnvelope<Data>(json)) return json;
  throw new TypeError('Not an answer of the API');
}

function isEnvelope<Data>(json: unknown): json is Envelope<Data> {
  return typeof json === 'object' && json !== null && 'data' in json;
}

/** Where the API is, from the same variables that the gateway reads. */
export function upstreamOf(env: Record<string, string | undefined>): { origin: string; base: string; token: string } {
  const { CLOUDFLARE_BASE_URL, CLOUDFLARE_ACCOUNT_ID, REALTIMEKIT_APP_ID, CLOUDFLARE_API_TOKEN = '' } = env;
  const base = `${CLOUDFLARE_BASE_URL}/accounts/${CLOUDFLARE_ACCOUNT_ID}/realtime/kit/${REALTIMEKIT_APP_ID}`;
  return { origin: new URL(base).origin, base, token: CLOUDFLARE_API_TOKEN };
}

/** The calls that the queries take; a party's own client makes them. */
export const PATHS = {
  activeLivestream: (meetingId: string) => `/meetings/${encodeURIComponent(meetingId)}/active-livestream`,
  activeSession: (livestreamId: string) => `/livestreams/${encodeURIComponent(livestreamId)}/active-livestream-session`,
  livestreams: (first: number, status: string | undefined) =>
    `/livestreams?per_page=${first}${status === undefined ? '' : `&status=${status}`}`,
};
