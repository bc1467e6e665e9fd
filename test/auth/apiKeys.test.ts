import { createHash } from 'node:crypto';

import { describe, expect, test } from 'vitest';

import { createApiKeyCheck } from '../../src/auth/apiKeys.ts';
import type { TestGateway } from '../support/gateway.ts';
import { apiKeySettings, startGuarded } from '../support/identityProvider.ts';

const READER = 'key-of-a-reader';
const WRITER = 'key-of-a-writer';
const KEYS = apiKeySettings({ [READER]: ['livestream:read'], [WRITER]: ['livestream:read', 'livestream:write'] });

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

const ask = async (gateway: TestGateway, headers: Record<string, string>) =>
  gateway.send({ query: '{ meetings(first: 1) { nodes { id } } }' }, { headers });

describe('an API key', () => {
  test.each([
    ['as a bearer token', { authorization: `Bearer ${READER}` }],
    ['in its own header', { 'x-api-key': READER }],
    ['in its own header, where another layer has the bearer token', { 'x-api-key': READER, authorization: 'Basic a' }],
    ['that is not the first of them', { 'x-api-key': WRITER }],
  ])('lets its caller in: %s', async (_how, headers) => {
    const gateway = await startGuarded(KEYS);
    const { status, errors } = await ask(gateway, headers);
    expect({ status, errors }).toEqual({ status: 200, errors: [] });
  });

  test.each<[string, Record<string, string>]>([
    ['none', {}],
    ['an empty one', { 'x-api-key': '' }],
    ['an unknown one', { 'x-api-key': 'key-of-nobody' }],
    ['an unknown bearer token', { authorization: 'Bearer key-of-nobody' }],
    ['under another scheme', { authorization: `Basic ${READER}` }],
    ['with more behind it', { 'x-api-key': `${READER}1` }],
    ['cut short', { 'x-api-key': READER.slice(0, -1) }],
    ['in other letters', { 'x-api-key': READER.toUpperCase() }],
    ['two of them', { 'x-api-key': `${READER}, ${WRITER}` }],
    ['the hash in its place', { 'x-api-key': hashOf(READER) }],
    ['an unknown one beside a known bearer token', { 'x-api-key': 'no', authorization: `Bearer ${READER}` }],
    ['the gateway’s own upstream token', { authorization: 'Bearer tok-5e.cret' }],
    ['a very long one', { 'x-api-key': 'x'.repeat(100_000) }],
  ])('is refused, and nothing is asked for it: %s', async (_what, headers) => {
    const gateway = await startGuarded(KEYS);
    const answer = await ask(gateway, headers);

    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED', retryable: false } }]);
    expect(gateway.upstream()).toEqual([]);
    const shown = answer.text + JSON.stringify([[...answer.headers], gateway.logs]);
    for (const secret of [READER, WRITER, hashOf(READER), 'key-of-nobody']) expect(shown).not.toContain(secret);
  });

  test('brings its own scopes, and nobody else’s', async () => {
    const gateway = await startGuarded(KEYS);
    const query = `mutation { stopLivestream(input: { meetingId: "${gateway.samples.liveMeetingId}" }) { userErrors { code } } }`;
    const reader = await gateway.send({ query }, { headers: { 'x-api-key': READER } });
    expect(reader.errors).toMatchObject([{ path: ['stopLivestream'], extensions: { code: 'FORBIDDEN' } }]);
    expect(gateway.upstream()).toEqual([]);

    const writer = await gateway.send({ query }, { headers: { 'x-api-key': WRITER } });
    expect(writer.data).toEqual({ stopLivestream: { userErrors: [] } });
  });

  test('is never sent upstream: that is asked with the gateway’s own token', async () => {
    const seen: string[] = [];
    const gateway = await startGuarded(KEYS, {
      intercept: (send) => async (request) => {
        seen.push(JSON.stringify(request.headers));
        return send(request);
      },
    });
    await ask(gateway, { 'x-api-key': READER });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toContain('Bearer tok-5e.cret');
    expect(seen[0]).not.toContain(READER);
  });
});

describe('the hash of a key', () => {
  /** Keys that count how often each is looked at. */
  function watched(hashes: string[]) {
    const looks = hashes.map(() => 0);
    const keys = hashes.map((sha256, index) => ({
      name: `key ${index}`,
      scopes: ['livestream:read'],
      get sha256() {
        looks[index] = (looks[index] ?? 0) + 1;
        return sha256;
      },
    }));
    return { looks, check: createApiKeyCheck(keys) };
  }

  test.each([
    ['the first is the right one', 0],
    ['the last is', 2],
  ])('is compared with all of them, whichever it is: %s', async (_which, right) => {
    const { looks, check } = watched([hashOf('one'), hashOf('two'), hashOf('three')]);
    expect(await check(['one', 'two', 'three'][right] ?? '')).toMatchObject({ token: null });
    expect(looks).toEqual([1, 1, 1]);
  });

  test('is compared with all of them when none is right', async () => {
    const { looks, check } = watched([hashOf('one'), hashOf('two')]);
    await expect(check('three')).rejects.toThrow('The API key is unknown.');
    expect(looks).toEqual([1, 1]);
  });

  test.each(['', hashOf('one').slice(0, 63), `${hashOf('one')}0`, hashOf('one').replace(/.$/, '\u0000')])(
    'has to be the same from end to end: %j is not',
    async (sha256) => {
      const { check } = watched([sha256]);
      await expect(check('one')).rejects.toThrow('The API key is unknown.');
    },
  );

  test('lets nobody in where there is none', async () => {
    await expect(createApiKeyCheck([])('')).rejects.toThrow('The API key is unknown.');
  });
});
