import { ConfigError, type Environment } from './env.ts';

/** Which of the API's apps is served, and with which credential. */
export interface AppSettings {
  /** Without a slash at its end. */
  baseUrl: string;
  accountId: string;
  appId: string;
  /** Secret. Null: each caller brings its own. */
  token: string | null;
}

/** Null: no app is named, so that the sandbox is served. `callersPay`: callers bring tokens of their own. */
export function readApp(environment: Environment, passthrough: boolean): AppSettings | null {
  const { CLOUDFLARE_ACCOUNT_ID: accountId, REALTIMEKIT_APP_ID: appId, CLOUDFLARE_API_TOKEN: token } = environment;
  if (!accountId && !appId) return null;
  return {
    baseUrl: readBaseUrl(environment['CLOUDFLARE_BASE_URL'] || 'https://api.cloudflare.com/client/v4'),
    accountId: readId('CLOUDFLARE_ACCOUNT_ID', accountId, 'REALTIMEKIT_APP_ID', '023e105f4ecef8ad9ca31a8372d0c353'),
    appId: readId('REALTIMEKIT_APP_ID', appId, 'CLOUDFLARE_ACCOUNT_ID', '2ed2a2c4-9b1e-4b0e-8a3c-6f0d5c1a7e11'),
    token: passthrough ? null : readToken(token),
  };
}

/** The ids stand in every path of the API, so that nothing else may be in them; how long they are is not documented well. */
function readId(variable: string, value: string | undefined, other: string, example: string): string {
  if (!value) throw new ConfigError(variable, `missing, while ${other} is set.`, example);
  if (/^[A-Za-z0-9-]{1,64}$/.test(value)) return value;
  throw new ConfigError(variable, 'it is to be 1 to 64 letters, digits and hyphens.', example);
}

function readToken(token: string | undefined): string {
  const example = 'Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY';
  if (!token) throw new ConfigError('CLOUDFLARE_API_TOKEN', 'missing; it needs the permission "Realtime".', example);
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new ConfigError('CLOUDFLARE_API_TOKEN', 'it holds a space or a character that no token has.', example);
}

function readBaseUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : null;
  const isPlain = url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash;
  if (isPlain) return url.href.replace(/\/+$/, '');
  const problem = 'it is to be an http or https address without credentials, query or fragment.';
  throw new ConfigError('CLOUDFLARE_BASE_URL', problem, 'https://api.cloudflare.com/client/v4');
}
