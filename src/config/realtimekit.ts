import * as v from 'valibot';

import * as env from './env.ts';

/** The base URL of Cloudflare's API. */
export const BASE_URL = 'https://api.cloudflare.com/client/v4';

const baseUrl = v.pipe(
  env.url(
    'an http or https URL without credentials, query or fragment',
    (address) => env.isHttp(address) && !env.hasCredentials(address) && !/[?#]/.test(address.href),
  ),
  v.transform((address) => new URL(address).href.replace(/\/+$/, '')),
);

/** Ids are segments of every path of the API, so no other characters are allowed. The API does not document their length. */
const id = v.pipe(
  v.string('must be set for the real API. SANDBOX=on selects the sandbox instead.'),
  v.regex(/^[A-Za-z0-9-]{1,64}$/, 'must be 1 to 64 letters, digits and hyphens.'),
);

/** https://www.rfc-editor.org/rfc/rfc6750#section-2.1 */
export const tokenFormat = v.regex<string, string>(
  /^[A-Za-z0-9._~+/-]+=*$/,
  'must be the token alone: letters, digits, hyphens, and none of the words around it.',
);

const token = v.pipe(v.string('must be set to a token with the permission "Realtime".'), tokenFormat);

/** The app of the API to serve, and the gateway's credential. */
export const appSettings = {
  /** Without a trailing slash. */
  baseUrl: env.setting('CLOUDFLARE_BASE_URL', BASE_URL, v.optional(baseUrl, BASE_URL)),
  accountId: env.setting('CLOUDFLARE_ACCOUNT_ID', '023e105f4ecef8ad9ca31a8372d0c353', id),
  appId: env.setting('REALTIMEKIT_APP_ID', '2ed2a2c4-9b1e-4b0e-8a3c-6f0d5c1a7e11', id),
  /** Secret. */
  token: env.setting('CLOUDFLARE_API_TOKEN', 'Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY', token),
};

export const sandboxSettings = (fallback: boolean) => ({ isSandbox: env.boolean('SANDBOX', fallback) });

/**
 * Whether to serve the sandbox: by default in development, if neither an account nor an app is set. In production, a misspelled
 * setting must not make the gateway serve simulated data.
 */
export function servesSandbox(environment: env.Environment, isProduction: boolean): boolean {
  const isUnset = [appSettings.accountId, appSettings.appId].every((id) => !env.isSet(environment, id));
  return env.readGroup(environment, sandboxSettings(isUnset && !isProduction)).isSandbox;
}

/** Reads which app to serve. With `passthrough` the gateway has no token, because each caller sends one. */
export function readApp(environment: env.Environment, passthrough: boolean) {
  const { token, ...settings } = appSettings;
  const app = env.readGroup(environment, settings);
  return { ...app, token: passthrough ? null : env.readSetting(environment, token) };
}
