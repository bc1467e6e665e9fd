import type { ApiKey } from '../auth/apiKeys.ts';
import type { AuthSettings } from '../auth/authenticate.ts';
import type { JwtKey, JwtSettings } from '../auth/jwt.ts';
import { SCOPES } from '../auth/viewer.ts';
import {
  ConfigError,
  type Environment,
  isLoopback,
  type ReadFile,
  readList,
  readFileSetting,
  readHttpsUrl,
  readInteger,
} from './env.ts';

/** How callers show who they are. Where other machines reach the gateway, there is no default: the operator has to choose. */
export function readAuth(environment: Environment, host: string, readFile: ReadFile): AuthSettings {
  const kind = environment['AUTH'] || (isLoopback(host) ? 'none' : '');
  if (kind === 'passthrough') return { kind };
  if (kind === 'jwt') return { kind, ...readJwt(environment) };
  if (kind === 'api-key') return { kind, keys: readApiKeys(environment, readFile) };
  if (kind === 'none' && isLoopback(host)) return { kind };
  throw new ConfigError('AUTH', problemOf(kind, host), 'passthrough');
}

function problemOf(kind: string, host: string): string {
  if (kind === '')
    return `missing, while other machines reach HOST "${host}"; it is to be passthrough, jwt or api-key.`;
  if (kind === 'none') return `"none" lets in whoever reaches HOST "${host}", which is not a loopback address.`;
  return `"${kind}" is not one of none, passthrough, jwt and api-key.`;
}

function readJwt(environment: Environment): JwtSettings {
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience } = environment;
  const audiences = readList(audience);
  if (!issuer) throw new ConfigError('JWT_ISSUER', 'missing, while AUTH is jwt.', 'https://login.example.com/');
  if (audiences.length === 0)
    throw new ConfigError('JWT_AUDIENCE', 'missing, while AUTH is jwt.', 'realtimekit-graphql');
  return {
    issuer,
    audiences,
    clockSkew: readInteger(environment, 'JWT_CLOCK_SKEW_S', { default: 30, min: 0, max: 600 }),
    key: readKey(environment),
  };
}

const JWKS_EXAMPLE = 'https://login.example.com/.well-known/jwks.json';

function readKey({ JWT_JWKS_URL: jwksUrl, JWT_KEY: key }: Environment): JwtKey {
  if (jwksUrl && key) throw new ConfigError('JWT_KEY', 'it and JWT_JWKS_URL exclude each other.', '');
  if (jwksUrl) return { jwksUrl: readHttpsUrl('JWT_JWKS_URL', jwksUrl, JWKS_EXAMPLE) };
  if (!key) throw new ConfigError('JWT_JWKS_URL', 'missing, and JWT_KEY too, while AUTH is jwt.', JWKS_EXAMPLE);
  // Where a variable cannot hold several lines, "\n" stands for their ends.
  return key.trim().startsWith('{') ? { jwk: key } : { pem: key.replaceAll('\\n', '\n') };
}

function readApiKeys(environment: Environment, readFile: ReadFile): ApiKey[] {
  const { API_KEYS: inline, API_KEYS_FILE: path } = environment;
  const variable = path ? 'API_KEYS_FILE' : 'API_KEYS';
  const example = path ? './api-keys.txt' : `'${KEY_EXAMPLE}'`;
  const text = path ? readFileSetting(readFile, variable, path, example) : inline;
  const keys = readList(text)
    .filter((entry) => !entry.startsWith('#'))
    .map((entry, index) => readApiKey(entry, () => new ConfigError(variable, `key ${index + 1} ${KEY_RULE}`, example)));
  if (keys.length > 0) return keys;
  throw new ConfigError(variable, 'no key is named, while AUTH is api-key.', example);
}

const KEY_RULE = `is to be a name, the key's SHA-256 in hexadecimal, and its scopes of ${SCOPES.join(' ')}.`;
const KEY_EXAMPLE = 'dashboard 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 livestream:read';

/** The entry is not repeated in the refusal: it may hold the key itself. */
function readApiKey(entry: string, refusal: () => ConfigError): ApiKey {
  const [name = '', hash = '', ...scopes] = entry.split(/\s+/);
  const isRight = /^[0-9a-f]{64}$/i.test(hash) && scopes.length > 0 && scopes.every((scope) => SCOPES.includes(scope));
  if (!isRight) throw refusal();
  return { name, sha256: hash.toLowerCase(), scopes };
}
