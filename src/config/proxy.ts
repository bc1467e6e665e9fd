import * as v from 'valibot';

import * as env from './env.ts';

const proxyUrl = v.optional(
  v.pipe(
    env.url(
      'an http or https URL without a path',
      (address) => env.isHttp(address) && address.pathname === '/' && !/[?#]/.test(address.href),
    ),
    env.decodableCredentials,
  ),
);

/** How upstream requests leave the network. Unlike the other settings, the names of these may also be in lower case, as in other programs. */
export const proxySettings = {
  /** The proxy for https upstreams. */
  httpsProxy: env.setting('HTTPS_PROXY', 'http://proxy.example:3128', proxyUrl),
  /** The proxy for http upstreams, and for https ones without a proxy of their own. */
  httpProxy: env.setting('HTTP_PROXY', 'http://proxy.example:3128', proxyUrl),
  /** The hosts that are reached without a proxy, separated by commas; `*` for all. */
  noProxy: env.optionalText('NO_PROXY', 'localhost,.internal.example'),
};

/** Reads the settings of the proxy; throws a `ConfigError` for an invalid one. */
export function readProxy(environment: env.Environment) {
  const texts: Record<string, string | undefined> = {};
  for (const { variable } of Object.values(proxySettings)) {
    texts[variable] = environment[variable.toLowerCase()]?.trim() || environment[variable];
  }
  return env.readGroup(texts, proxySettings);
}
