import * as v from 'valibot';

import type { ApiKey } from '../auth/apiKeys.ts';
import type { AuthSettings } from '../auth/authenticate.ts';
import type { JwtSettings } from '../auth/jwt.ts';
import { SCOPES } from '../auth/viewer.ts';
import { SUBSCRIPTIONS_CALLER } from '../data/callerAccounts.ts';
import * as env from './env.ts';

const KEY_RULE = `must be a name, the SHA-256 hash of the key in hexadecimal, and scopes (${SCOPES.join(', ')}).`;

/**
 * Keys, separated by commas or line breaks. A `#` at the start of a line, or after a space or comma, starts a comment, which ends with
 * the line. No message repeats an entry: it may contain a key instead of a hash.
 */
const apiKeys = v.pipe(
  v.string(),
  v.transform((text) => text.replaceAll(/(?<![^\s,])#[^\r\n]*/g, '')),
  env.list,
  v.minLength(1, 'must contain a key when AUTH is "api-key".'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const keys: ApiKey[] = [];
    const reject = (message: string) => {
      addIssue({ message });
      return NEVER;
    };
    for (const [index, entry] of dataset.value.entries()) {
      const [name = '', hash = '', ...scopes] = entry.split(/\s+/);
      const sha256 = hash.toLowerCase();
      if (!/^[0-9a-f]{64}$/.test(sha256) || scopes.length === 0 || !scopes.every((scope) => SCOPES.includes(scope)))
        return reject(`key ${index + 1} ${KEY_RULE}`);
      if (name === SUBSCRIPTIONS_CALLER)
        return reject(
          `key ${index + 1} must have another name: "${name}" is the caller for whom subscriptions are polled.`,
        );
      // Otherwise, a key would stay valid when one of its entries is removed.
      const duplicate = keys.findIndex((key) => key.sha256 === sha256);
      if (duplicate !== -1) return reject(`key ${index + 1} must not repeat the hash of key ${duplicate + 1}.`);
      keys.push({ name, sha256, scopes });
    }
    return keys;
  }),
);

const KEYS_EXAMPLE = "'dashboard 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 livestream:read'";
const JWKS_EXAMPLE = 'https://login.example.com/.well-known/jwks.json';
const FOR_JWT = 'must be set when AUTH is "jwt".';

export const authSettings = { kind: env.optionalText('AUTH', 'passthrough') };

export const jwtSettings = {
  issuer: env.setting('JWT_ISSUER', 'https://login.example.com/', v.pipe(v.string(FOR_JWT), env.line)),
  audiences: env.setting(
    'JWT_AUDIENCE',
    'realtimekit-graphql',
    v.pipe(v.optional(env.list, ''), v.minLength(1, FOR_JWT), v.array(env.line)),
  ),
  clockSkewSeconds: env.integer('JWT_CLOCK_SKEW_S', 30, { min: 0, max: 600 }),
  callerClaim: env.setting('CALLER_CLAIM', 'tenant', v.optional(env.line, 'sub')),
  jwksUrl: env.setting('JWT_JWKS_URL', JWKS_EXAMPLE, v.optional(env.keyUrl)),
  localKey: env.optionalText('JWT_KEY', ''),
};

export const apiKeySettings = (readFile: env.ReadFile) => ({
  inline: env.setting('API_KEYS', KEYS_EXAMPLE, v.optional(apiKeys, '')),
  file: env.setting('API_KEYS_FILE', './api-keys.txt', v.optional(v.pipe(env.fileText(readFile), apiKeys))),
});

/**
 * Reads how callers authenticate. There is no default if other machines can reach `host`: a gateway must not be open to
 * a network because a setting was forgotten.
 */
export function readAuth(environment: env.Environment, host: string, readFile: env.ReadFile): AuthSettings {
  const kind = env.readSetting(environment, authSettings.kind) ?? (env.isLoopback(host) ? 'none' : '');
  if (kind === 'passthrough') return { kind };
  if (kind === 'jwt') return { kind, ...readJwt(environment) };
  if (kind === 'api-key') return { kind, keys: readApiKeys(environment, readFile) };
  if (kind === 'none' && env.isLoopback(host)) return { kind };
  throw new env.ConfigError('AUTH', problemWith(kind, host), 'passthrough');
}

function problemWith(kind: string, host: string): string {
  if (kind === '') return `must be passthrough, jwt or api-key, because other machines can reach HOST "${host}".`;
  if (kind === 'none') return `must not be "none", because other machines can reach HOST "${host}".`;
  return `must be none, passthrough, jwt or api-key, not "${kind}".`;
}

function readJwt(environment: env.Environment): JwtSettings {
  const { jwksUrl, localKey, ...settings } = env.readGroup(environment, jwtSettings);
  if (jwksUrl && localKey) throw new env.ConfigError('JWT_KEY', 'must not be set together with JWT_JWKS_URL.', '');
  if (jwksUrl) return { ...settings, key: { jwksUrl } };
  if (!localKey)
    throw new env.ConfigError('JWT_JWKS_URL', 'must be set (or JWT_KEY) when AUTH is "jwt".', JWKS_EXAMPLE);
  // "\n" stands for a line break, because some ways to set a variable allow only a single line.
  const text = localKey.trim();
  const key = text.startsWith('{') ? { jwk: text } : { pem: text.replaceAll('\\n', '\n') };
  return { ...settings, key };
}

/** Reads the accepted API keys. The file takes precedence over the variable with the keys themselves. */
export function readApiKeys(environment: env.Environment, readFile: env.ReadFile): ApiKey[] {
  const { inline, file } = apiKeySettings(readFile);
  return env.readSetting(environment, file) ?? env.readSetting(environment, inline);
}
