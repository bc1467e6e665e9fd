import { describe, expect, test } from 'vitest';

import { createApiKeys } from '../../src/auth/apiKeys.ts';
import type { TestGateway } from '../support/gateway.ts';
import { hashOf } from '../support/hashOf.ts';
import { apiKeySettings, startGatewayWithAuth } from '../support/identityProvider.ts';

const READER = 'key-of-a-reader';
const WRITER = 'key-of-a-writer';
const KEYS = apiKeySettings({ [READER]: ['livestream:read'], [WRITER]: ['livestream:read', 'livestream:write'] });

const query = async (gateway: TestGateway, headers: Record<string, string>) =>
  gateway.send({ query: '{ meetings(first: 1) { nodes { id } } }' }, { headers });

describe('an API key', () => {
  test.each([
    ['as a bearer token', { authorization: `Bearer ${READER}` }],
    ['in the header x-api-key', { 'x-api-key': READER }],
    [
      'in the header x-api-key beside an authorization header of another layer',
      { 'x-api-key': READER, authorization: 'Basic a' },
    ],
    ['that is not the first configured key', { 'x-api-key': WRITER }],
  ])('authenticates its caller when sent %s', async (_how, headers) => {
    const gateway = await startGatewayWithAuth(KEYS);
    const { status, errors } = await query(gateway, headers);
    expect({ status, errors }).toEqual({ status: 200, errors: [] });
  });

  test.each<[string, Record<string, string>]>([
    ['no key', {}],
    ['an empty key', { 'x-api-key': '' }],
    ['an unknown key', { 'x-api-key': 'key-of-nobody' }],
    ['an unknown bearer token', { authorization: 'Bearer key-of-nobody' }],
    ['a key under another authentication scheme', { authorization: `Basic ${READER}` }],
    ['a key with a suffix', { 'x-api-key': `${READER}1` }],
    ['a truncated key', { 'x-api-key': READER.slice(0, -1) }],
    ['a key in upper case', { 'x-api-key': READER.toUpperCase() }],
    ['two keys', { 'x-api-key': `${READER}, ${WRITER}` }],
    ['the hash of a key', { 'x-api-key': hashOf(READER) }],
    ['an unknown key beside a known bearer token', { 'x-api-key': 'no', authorization: `Bearer ${READER}` }],
    ['the gateway’s own upstream token', { authorization: 'Bearer tok-5e.cret' }],
    ['a very long key', { 'x-api-key': 'x'.repeat(100_000) }],
  ])('is required: %s is rejected without an upstream request', async (_what, headers) => {
    const gateway = await startGatewayWithAuth(KEYS);
    const response = await query(gateway, headers);

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(response.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED', retryable: false } }]);
    expect(gateway.upstreamRequests()).toEqual([]);
    const exposed = response.text + JSON.stringify([[...response.headers], gateway.logs]);
    for (const secret of [READER, WRITER, hashOf(READER), 'key-of-nobody']) expect(exposed).not.toContain(secret);
  });

  test('without "Bearer" is rejected with the form that is right', async () => {
    const gateway = await startGatewayWithAuth(KEYS);
    const { errors } = await query(gateway, { authorization: READER });
    expect(errors).toMatchObject([
      { message: 'The header "authorization" must be "Bearer <key>", of at most 8192 characters.' },
    ]);
  });

  test('grants only its own scopes', async () => {
    const gateway = await startGatewayWithAuth(KEYS);
    const mutation = `mutation { stopLivestream(input: { meetingId: "${gateway.exampleIds.liveMeetingId}" }) { userErrors { code } } }`;
    const reader = await gateway.send({ query: mutation }, { headers: { 'x-api-key': READER } });
    expect(reader.errors).toMatchObject([{ path: ['stopLivestream'], extensions: { code: 'FORBIDDEN' } }]);
    expect(gateway.upstreamRequests()).toEqual([]);

    const writer = await gateway.send({ query: mutation }, { headers: { 'x-api-key': WRITER } });
    expect(writer.data).toEqual({ stopLivestream: { userErrors: [] } });
  });

  test('is never sent upstream, where the gateway uses its own token', async () => {
    const sentHeaders: string[] = [];
    const gateway = await startGatewayWithAuth(KEYS, {
      intercept: (send) => async (request) => {
        sentHeaders.push(JSON.stringify(request.headers));
        return send(request);
      },
    });
    await query(gateway, { 'x-api-key': READER });
    expect(sentHeaders).toHaveLength(1);
    expect(sentHeaders[0]).toContain('Bearer tok-5e.cret');
    expect(sentHeaders[0]).not.toContain(READER);
  });
});

describe('createApiKeys', () => {
  /** Keys that count how often each hash is read. */
  function countReads(hashes: string[]) {
    const reads = hashes.map(() => 0);
    const keys = hashes.map((sha256, index) => ({
      name: `key ${index}`,
      scopes: ['livestream:read'],
      get sha256() {
        reads[index] = (reads[index] ?? 0) + 1;
        return sha256;
      },
    }));
    const { callerOf } = createApiKeys(keys);
    reads.fill(0);
    return { reads, callerOf };
  }

  test.each([
    ['first', 0],
    ['last', 2],
  ])('compares a key with every hash when the %s one matches', async (_which, index) => {
    const { reads, callerOf } = countReads([hashOf('one'), hashOf('two'), hashOf('three')]);
    expect(await callerOf(['one', 'two', 'three'][index] ?? '')).toMatchObject({ token: null });
    expect(reads).toEqual([1, 1, 1]);
  });

  test('compares a key with every hash when none matches', async () => {
    const { reads, callerOf } = countReads([hashOf('one'), hashOf('two')]);
    await expect(callerOf('three')).rejects.toThrow('The API key is unknown: send a valid one.');
    expect(reads).toEqual([1, 1]);
  });

  test.each(['', hashOf('one').slice(0, 63), `${hashOf('one')}0`, hashOf('one').replace(/.$/, '\u0000')])(
    'rejects a key whose hash only resembles %j',
    async (sha256) => {
      const { callerOf } = countReads([sha256]);
      await expect(callerOf('one')).rejects.toThrow('The API key is unknown: send a valid one.');
    },
  );

  test('notifies a caller whose key was withdrawn before the subscription began', async () => {
    const keys = createApiKeys([{ name: 'a', sha256: hashOf('one'), scopes: ['livestream:read'] }]);
    const viewer = await keys.callerOf('one');
    keys.replace([]);
    let hasEnded = false;
    viewer.onCredentialEnd?.(() => {
      hasEnded = true;
    });
    expect(hasEnded).toBe(true);
  });

  test('rejects every key when no key is configured', async () => {
    await expect(createApiKeys([]).callerOf('')).rejects.toThrow('The API key is unknown: send a valid one.');
  });
});
