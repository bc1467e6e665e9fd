import { ConfigError, type Environment, integer, readSetting } from '../config/env.ts';
import { type Config, readConfig, VARIABLES } from '../config/index.ts';
import type { ObjectNamespace } from './platform.ts';

/** The bindings of the Worker (https://developers.cloudflare.com/workers/runtime-apis/bindings/): settings by name, and the objects. */
export interface Bindings {
  GATEWAY: ObjectNamespace;
  [variable: string]: unknown;
}

/** Settings of the Node.js program that have no effect here, although whoever sets them relies on them. */
const WITHOUT_EFFECT = ['HOST', 'REDIS_URL', 'HTTP_PROXY', 'HTTPS_PROXY'];

/** Settings that name a file on Node.js, and a binding here. */
const NAMES_OF_BINDINGS = ['API_KEYS_FILE', 'TRUSTED_DOCUMENTS'];

/** For how long an isolate may serve a response that it has stored, in milliseconds; 0 if it stores none. */
const isolateCacheMs = integer('ISOLATE_CACHE_MS', 1000, { min: 0, max: 60_000 });

/**
 * Reads the settings, which have the same names as on Node.js. A setting that names a file there names another binding here, which
 * contains the file's text. Throws a `ConfigError`.
 */
export function readBindings(bindings: Bindings): Config {
  const settings = settingsOf(bindings);
  checkKinds(bindings, settings);
  readSetting(settings, isolateCacheMs);
  // A Worker in development is reachable from its developer's machine only, unlike a deployed one.
  const isDevelopment = ['development', 'test'].includes(settings['NODE_ENV'] ?? '');
  if (!isDevelopment && ['', 'none'].includes(settings['AUTH']?.trim() ?? ''))
    throw new ConfigError(
      'AUTH',
      'must be passthrough, jwt or api-key, because anyone can reach the Worker.',
      'api-key',
    );
  const host = isDevelopment ? '127.0.0.1' : '0.0.0.0';
  return readConfig({ NODE_ENV: 'production', ...settings, HOST: host }, (name) => textOf(bindings[name]));
}

/** Throws a `ConfigError` for a binding that would be ignored, although whoever made it relies on it. */
function checkKinds(bindings: Bindings, settings: Environment): void {
  for (const variable of WITHOUT_EFFECT) {
    if (settings[variable]) throw new ConfigError(variable, 'has no effect on Cloudflare Workers. Remove it.', '');
  }
  for (const variable of [...VARIABLES, isolateCacheMs.variable]) {
    if (!isTextual(bindings[variable] ?? ''))
      throw new ConfigError(variable, 'must be text or a number, not another kind of binding.', '"…"');
  }
  for (const variable of NAMES_OF_BINDINGS) {
    const name = settings[variable]?.trim() ?? '';
    if (name !== '' && bindings[name] === undefined)
      throw new ConfigError(variable, `must name a binding, and there is none called "${name}".`, `${variable}_TEXT`);
  }
}

/** Reads the one setting of the isolates. Stores nothing if it is invalid: the object says so in its log. */
export function readIsolateCacheMs(bindings: Bindings): number {
  try {
    return readSetting(settingsOf(bindings), isolateCacheMs);
  } catch {
    return 0;
  }
}

/** The settings as text: in `vars` of wrangler.jsonc, they may be numbers. */
function settingsOf(bindings: Bindings): Environment {
  const settings = Object.entries(bindings).filter(([, value]) => isTextual(value));
  return Object.fromEntries(settings.map(([variable, value]) => [variable, String(value)]));
}

const isTextual = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';

/** The text of a binding. The platform has parsed those with JSON. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
