import { describe, expect, onTestFinished, test } from 'vitest';

import { DEFAULT_TTL } from '../../src/data/cache/ttl.ts';
import { bearer } from '../support/bearer.ts';
import { at } from '../support/gateway.ts';
import {
  forgeToken,
  signingKey,
  signToken,
  startGatewayWithAuth,
  startIdentityProvider,
  type TokenOptions,
  usualClaims,
} from '../support/identityProvider.ts';
import { serveGateway } from '../support/servedGateway.ts';
import { byGet, type Outcome, startCachingNginx } from './cachingNginx.ts';

const SECONDS = 1000;
const CLOCK_SKEW_S = 30;
const FRESH = { ttl: { ...DEFAULT_TTL, statusMs: 600 * SECONDS } };
const ALL_READS = 'livestream:read livestream:secret';

const LIST = '{ livestreams(first: 3) { nodes { id } } }';

interface Query {
  what: string;
  query: string;
  /** The codes of the errors that a caller with `livestream:read` gets, with and without `livestream:secret`. */
  codes: string[];
  codesWithoutSecret: string[];
}

const QUERIES: Query[] = [
  { what: 'a list', query: LIST, codes: [], codesWithoutSecret: [] },
  {
    what: 'a stream key',
    query: '{ livestreams(first: 1) { nodes { id streamKey } } }',
    codes: [],
    codesWithoutSecret: ['FORBIDDEN'],
  },
  {
    what: 'a stream key under an alias in a fragment',
    query: '{ livestreams(first: 1) { nodes { ...F } } } fragment F on Livestream { id name: streamKey }',
    codes: [],
    codesWithoutSecret: ['FORBIDDEN'],
  },
  {
    what: 'an error beside data',
    query: '{ livestreams(first: 1) { nodes { id } } livestream(id: "a/b") { id } }',
    codes: ['BAD_USER_INPUT'],
    codesWithoutSecret: ['BAD_USER_INPUT'],
  },
];

/** Starts a gateway that accepts the tokens of an identity provider, and nginx in front of it, until the test ends. */
async function startBehindNginx(heedsVary: boolean) {
  const provider = await startIdentityProvider();
  const key = await signingKey('a');
  provider.publish(key);
  const options = { caching: FRESH, options: { cacheHeaders: 'public' } } as const;
  const gateway = await startGatewayWithAuth(provider.settings(CLOCK_SKEW_S), options);
  const { host } = await serveGateway(gateway);
  const nginx = await startCachingNginx(host, { heedsVary });
  onTestFinished(nginx.end);
  const { clock } = gateway;
  const sign = async (options: Partial<TokenOptions> = {}): Promise<string> =>
    signToken({ key, now: clock.now(), ...options });
  return { ...nginx, clock, key, sign };
}

type Setup = Awaited<ReturnType<typeof startBehindNginx>>;

/** A caller's header fields, and whether they have the scopes `livestream:read` and `livestream:secret`; null without a valid token. */
type Caller = [name: string, headers: Record<string, string>, scopes: { read: boolean; secret: boolean } | null];

async function callersOf({ sign, clock, key }: Setup): Promise<Caller[]> {
  const now = clock.now();
  const own = await sign({ claims: { sub: 'all', scope: ALL_READS } });
  const { privateKey } = await signingKey('attacker');
  const claims = { ...usualClaims(now), sub: 'all', scope: ALL_READS };
  const signed = async (options: Partial<TokenOptions>) => bearer(await sign({ claims, ...options }));
  const all = { read: true, secret: true };
  return [
    ['the token', bearer(own), all],
    ['the token, with the header in capitals', { AUTHORIZATION: `BEARER ${own}` }, all],
    ['the token, with the header in lower case and more spaces', { authorization: `bearer   ${own}` }, all],
    ['another subject with the same scopes', await signed({ claims: { ...claims, sub: 'other' } }), all],
    [
      'another subject without livestream:secret',
      await signed({ claims: { ...claims, sub: 'reader', scope: 'livestream:read' } }),
      { read: true, secret: false },
    ],
    [
      'the same subject without livestream:read',
      await signed({ claims: { ...claims, scope: 'livestream:write livestream:secret' } }),
      { read: false, secret: true },
    ],
    ['no token', {}, null],
    ['the token in a header that AUTH=jwt ignores', { 'x-api-key': own }, null],
    ['the token under another scheme', { authorization: `Basic ${own}` }, null],
    ['the token without its signature', bearer(own.replace(/[^.]+$/, '')), null],
    ['an expired token', await signed({ claims: { ...claims, exp: now / SECONDS - CLOCK_SKEW_S } }), null],
    ['a token for another audience', await signed({ claims: { ...claims, aud: 'elsewhere' } }), null],
    ['a token that another key signed', await signed({ key: { ...key, privateKey } }), null],
    ['a token with { alg: none }', bearer(forgeToken({ alg: 'none', kid: key.kid }, claims)), null],
  ];
}

/** What a query must get: the status, and the codes of the errors. */
function expectedOutcome({ codes, codesWithoutSecret }: Query, scopes: Caller[2]): { status: number; codes: string[] } {
  if (scopes === null) return { status: 401, codes: ['UNAUTHENTICATED'] };
  // The whole list needs `livestream:read`.
  if (!scopes.read) return { status: 200, codes: ['FORBIDDEN'] };
  return { status: 200, codes: scopes.secret ? codes : codesWithoutSecret };
}

function codesOf({ text }: Outcome): unknown[] {
  const errors = at(JSON.parse(text), 'errors');
  return Array.isArray(errors) ? errors.map((error: unknown) => at(error, 'extensions', 'code')) : [];
}

describe.each([
  ['heeds', true],
  ['does not heed', false],
])('behind a cache that %s Vary, with AUTH=jwt and CACHE_HEADERS=public', (_does, heedsVary) => {
  test.each(QUERIES)('each caller gets what its own token grants, whoever asked before: $what', async (asked) => {
    const setup = await startBehindNginx(heedsVary);
    const callers = await callersOf(setup);
    // Whatever is stored of one caller's responses, all others follow.
    for (const [name, headers, scopes] of [...callers, ...callers.toReversed()]) {
      const sent = byGet(asked.query, headers);
      const outcomes = [await setup.throughNginx(sent), await setup.throughNginx(sent)];
      const { status, text, fields } = await setup.directly(sent);
      for (const outcome of outcomes) {
        const got = { name, status: outcome.status, codes: codesOf(outcome) };
        expect(got).toEqual({ name, ...expectedOutcome(asked, scopes) });
        expect({ name, ...outcome }).toEqual({ name, status, text, fields, cache: 'MISS' });
      }
    }
  });

  test('a token that has expired no longer gets what it got before', async () => {
    const { throughNginx, sign, clock } = await startBehindNginx(heedsVary);
    const sent = byGet(LIST, bearer(await sign({ claims: { exp: clock.now() / SECONDS + 60 } })));
    const before = [await throughNginx(sent), await throughNginx(sent)];
    clock.advance((60 + CLOCK_SKEW_S) * SECONDS);
    const after = await throughNginx(sent);
    expect([...before, after].map(({ status, cache }) => [status, cache])).toEqual([
      [200, 'MISS'],
      [200, 'MISS'],
      [401, 'MISS'],
    ]);
  });

  test('a token that was not yet valid gets no stored 401 once it is', async () => {
    const { throughNginx, sign, clock } = await startBehindNginx(heedsVary);
    const sent = byGet(LIST, bearer(await sign({ claims: { nbf: clock.now() / SECONDS + CLOCK_SKEW_S + 60 } })));
    const before = [await throughNginx(sent), await throughNginx(sent)];
    clock.advance(60 * SECONDS);
    const after = await throughNginx(sent);
    expect([...before, after].map(({ status, cache }) => [status, cache])).toEqual([
      [401, 'MISS'],
      [401, 'MISS'],
      [200, 'MISS'],
    ]);
  });
});
