import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { ApiKey } from '../../src/auth/apiKeys.ts';
import type { AuthSettings } from '../../src/auth/authenticate.ts';
import { SCOPES } from '../../src/auth/viewer.ts';
import { readConfig } from '../../src/config/index.ts';
import { hashOf } from '../support/hashOf.ts';
import { startGatewayWithAuth } from '../support/identityProvider.ts';
import { runs } from '../support/runs.ts';
import { serveGateway } from '../support/servedGateway.ts';

const entryOf = (key: string, scope = 'livestream:read'): string => `${key} ${hashOf(key)} ${scope}`;

/** The settings of a gateway whose `API_KEYS_FILE` contains `text`. */
const authOf = (text: string): AuthSettings =>
  readConfig({ AUTH: 'api-key', API_KEYS_FILE: 'api-keys.txt' }, () => text).auth;

const namesOf = (auth: AuthSettings): string[] => (auth.kind === 'api-key' ? auth.keys : []).map(({ name }) => name);

describe('a list of API keys', () => {
  test.each([
    ['a comma in a comment', `# retired, ${entryOf('old')}\n${entryOf('new')}`],
    ['several commas in a comment', `#,,${entryOf('old')},\n${entryOf('new')}`],
    ['an indented comment', `${entryOf('new')}\n  \t# ${entryOf('old')}, ${entryOf('older')}`],
    ['a comment after a key', `${entryOf('new')} # not ${entryOf('old')}, ${entryOf('older')}`],
    ['a comment after a comma', `${entryOf('new')},# ${entryOf('old')}, ${entryOf('older')}`],
    ['a comment within a comment', `# #, ${entryOf('old')}\n${entryOf('new')}`],
    ['an exotic line separator in a comment', `# retired\u2028${entryOf('old')}\n${entryOf('new')}`],
    ['a byte order mark before a comment', `\uFEFF# retired, ${entryOf('old')}\n${entryOf('new')}`],
    ['a byte order mark before a key', `\uFEFF${entryOf('new')}\n`],
    ['line breaks of Windows', `# retired, ${entryOf('old')}\r\n\r\n${entryOf('new')}\r\n`],
    ['line breaks of the classic Mac OS', `# retired, ${entryOf('old')}\r\r${entryOf('new')}\r`],
    ['blank lines and commas', `\n \n,, ${entryOf('new')} ,\n\t\n`],
  ])('allows %s, in the file and in the variable', (_what, text) => {
    expect(namesOf(authOf(text))).toEqual(['new']);
    expect(namesOf(readConfig({ AUTH: 'api-key', API_KEYS: text }, () => '').auth)).toEqual(['new']);
  });

  test('allows a `#` within a name, and one name for several keys, so that a key can be replaced', () => {
    const text = `team#1 ${hashOf('old')} livestream:read\nteam#1 ${hashOf('new')} livestream:read`;
    expect(namesOf(authOf(text))).toEqual(['team#1', 'team#1']);
  });

  test('rejects a hash that occurs twice, because deleting one entry would not withdraw the key', () => {
    const text = `${entryOf('one')}\n${entryOf('two')}\nagain ${hashOf('one').toUpperCase()} livestream:write`;
    expect(() => authOf(text)).toThrow(/^API_KEYS_FILE: key 3 must not repeat the hash of key 1\. Example: /);
  });

  test('rejects the name of the caller for whom subscriptions are polled, whose weight and metric it would have', () => {
    const text = `${entryOf('one')}\nsubscriptions ${hashOf('two')} livestream:read`;
    expect(() => authOf(text)).toThrow(
      /^API_KEYS_FILE: key 2 must have another name: "subscriptions" is the caller .* Example: /,
    );
  });

  test('never accepts a key in a comment, and always accepts one outside', () => {
    const key = fc.record({
      name: fc.stringMatching(/^[a-z][a-z#]{0,5}$/),
      sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
      scopes: fc.subarray(SCOPES, { minLength: 1 }),
    });
    const textOf = ({ name, sha256, scopes }: ApiKey): string => [name, sha256, ...scopes].join(' ');
    const noise = fc.stringMatching(/^[ \t,#a-z\u2028\uFEFF]{0,6}$/);
    const comment = fc
      .tuple(noise, fc.uniqueArray(key, { maxLength: 2 }), noise)
      .map(([before, keys, after]) => `#${before}${[...keys.map(textOf), after].join(', ')}`);
    const line = fc.record({
      keys: fc.array(key, { maxLength: 3 }),
      comment: fc.option(comment, { nil: '' }),
      end: fc.constantFrom('\n', '\r\n', '\r', ' \n\n'),
    });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1 }), fc.boolean(), (lines, hasMark) => {
        const keys = lines.flatMap((row) => row.keys);
        fc.pre(keys.length > 0 && new Set(keys.map(({ sha256 }) => sha256)).size === keys.length);
        const rows = lines.map((row) => [...row.keys.map(textOf), row.comment].join(',') + row.end);
        expect(authOf((hasMark ? '\uFEFF' : '') + rows.join(''))).toEqual({ kind: 'api-key', keys });
      }),
      { numRuns: runs(200) },
    );
  });
});

test('the gateway refuses a retired key in a comment with a comma, and serves the key below it', async () => {
  const auth = authOf(`\uFEFF# retired in May, ${entryOf('old')}\r\n${entryOf('new')}\r\n`);
  const { url } = await serveGateway(await startGatewayWithAuth(auth));
  const statusFor = async (key: string): Promise<number> =>
    (await fetch(`${url}?query={__typename}`, { headers: { 'x-api-key': key } })).status;
  expect([await statusFor('old'), await statusFor('new')]).toEqual([401, 200]);
});
