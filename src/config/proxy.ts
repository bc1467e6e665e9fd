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

const createSettings = (spell: (name: string) => string) => ({
  /** The proxy for https upstreams. */
  httpsProxy: env.setting(spell('HTTPS_PROXY'), 'http://proxy.example:3128', proxyUrl),
  /** The proxy for http upstreams, and for https ones without a proxy of their own. */
  httpProxy: env.setting(spell('HTTP_PROXY'), 'http://proxy.example:3128', proxyUrl),
  /** The hosts that are reached without a proxy, separated by commas; `*` for all. */
  noProxy: env.optionalText(spell('NO_PROXY'), 'localhost,.internal.example'),
});

/** How upstream requests leave the network. Unlike the other settings, the names of these may also be in lower case, as in other programs. */
export const proxySettings = createSettings((name) => name);
const lowerCaseSettings = createSettings((name) => name.toLowerCase());

/** Reads the settings of the proxy; throws a `ConfigError` for an invalid one. */
export function readProxy(environment: env.Environment) {
  const read = <Value>(lowerCase: env.Setting<Value>, upperCase: env.Setting<Value>): Value =>
    env.readSetting(environment, env.isSet(environment, lowerCase) ? lowerCase : upperCase);
  return {
    httpsProxy: read(lowerCaseSettings.httpsProxy, proxySettings.httpsProxy),
    httpProxy: read(lowerCaseSettings.httpProxy, proxySettings.httpProxy),
    noProxy: read(lowerCaseSettings.noProxy, proxySettings.noProxy),
  };
}
