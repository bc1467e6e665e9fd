import * as v from 'valibot';

import type { PurgeSettings } from '../purge/purger.ts';
import * as env from './env.ts';
import { tokenFormat } from './realtimekit.ts';

const SUBGRAPH = 'livestreams';
/** A shorter key could be a part of any word of the log, where it is redacted. */
const MIN_KEY_LENGTH = 8;

const zoneId = v.pipe(
  v.string('must be set to the zone that PURGE_CLOUDFLARE_TOKEN purges.'),
  // Does not repeat the text, which may be the token by mistake.
  v.regex(/^[0-9a-f]{32}$/i, 'must be the ID of a zone: 32 hexadecimal digits.'),
);

const token = v.pipe(v.string('must be set to a token with the permission "Cache Purge".'), tokenFormat);

const routerUrl = v.pipe(
  v.string('must be set to the URL of the invalidation endpoint.'),
  env.url('an http or https URL without credentials', (address) => env.isHttp(address) && !env.hasCredentials(address)),
  v.transform((address) => new URL(address).href),
);

/** The router compares the whole header with its key. */
const routerKey = v.pipe(
  v.string("must be set to the shared_key of the router's configuration."),
  v.regex(/^[\x21-\x7e]*$/, 'must consist of ASCII letters, digits and punctuation, without spaces.'),
  v.minLength(MIN_KEY_LENGTH, `must have at least ${MIN_KEY_LENGTH} characters.`),
);

const cloudflareSettings = {
  zoneId: env.setting('PURGE_CLOUDFLARE_ZONE', '9a7806061c88ada191ed06f989cc3dac', zoneId),
  /** Secret. */
  token: env.setting('PURGE_CLOUDFLARE_TOKEN', 'Sn3lZJTBX6kkg7OdcBUAxOO963GEIyGQqnFTOFYY', token),
};

const routerSettings = {
  url: env.setting('PURGE_ROUTER_URL', 'http://127.0.0.1:3000/invalidation', routerUrl),
  /** Secret. */
  key: env.setting('PURGE_ROUTER_KEY', 'dGhlIHNoYXJlZCBrZXk=', routerKey),
  subgraph: env.setting('PURGE_ROUTER_SUBGRAPH', SUBGRAPH, v.optional(env.line, SUBGRAPH)),
};

/** The caches in front of the gateway that it purges when something has changed. */
export const purgeSettings = { ...cloudflareSettings, ...routerSettings };

/** Reads which caches to purge; null for none. Of each, all settings are required if one is set. `baseUrl` is that of Cloudflare's API. */
export function readPurge(environment: env.Environment, baseUrl: string): PurgeSettings | null {
  const isAnySet = (settings: Readonly<Record<string, env.Setting>>): boolean =>
    Object.values(settings).some((setting) => env.isSet(environment, setting));
  const cloudflare = isAnySet(cloudflareSettings)
    ? { baseUrl, ...env.readGroup(environment, cloudflareSettings) }
    : null;
  const router = isAnySet(routerSettings) ? env.readGroup(environment, routerSettings) : null;
  return cloudflare === null && router === null ? null : { cloudflare, router };
}
