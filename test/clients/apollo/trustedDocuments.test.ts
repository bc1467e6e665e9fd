import { describe, expect, test } from 'vitest';

import { APP_KEY, startTrustedGateway } from '../support/trustedGateway.ts';
import { createClient } from './client.ts';
import { startLivestream } from './mutations.ts';
import { LivestreamPage, Livestreams, LivestreamUpdated } from './operations.ts';
import { createTrustedClient } from './trustedDocuments.ts';

/** Starts a gateway that serves only the documents in the manifest of codegen. */
async function start() {
  const { gateway, url } = await startTrustedGateway(new URL('generated/persisted-documents.json', import.meta.url));
  const shown: string[] = [];
  const credentials = { token: () => APP_KEY, refresh: async () => {} };
  return { gateway, options: { url, credentials, show: (message: string) => shown.push(message) }, shown };
}

describe("the documents in codegen's manifest", () => {
  test('are served by their ids to Apollo Client: queries, mutations and subscriptions', async () => {
    const { gateway, options, shown } = await start();
    const client = createTrustedClient(options);
    const list = await client.query({ query: Livestreams, variables: { first: 1 } });
    expect(list.data).toMatchObject({ livestreams: { totalCount: 320 } });
    const meetingId = gateway.exampleIds.idleMeetingId;
    expect(await startLivestream(client, meetingId, 'Launch')).toEqual([]);
    const results: unknown[] = [];
    client
      .subscribe({ query: LivestreamUpdated, variables: { meetingId } })
      .subscribe(({ data }) => results.push(data));
    await expect.poll(() => results).toMatchObject([{ livestreamUpdated: { status: 'INVOKED' } }]);
    expect(shown).toEqual([]);
  });

  test('are the only ones that are served to Apollo Client', async () => {
    const { options } = await start();
    const variables = { id: 'any' };
    await expect(createClient(options).query({ query: LivestreamPage, variables })).rejects.toThrow(
      'serves only trusted documents',
    );
    const unknown = { ...LivestreamPage, __meta__: { hash: 'sha256:0' } };
    await expect(createTrustedClient(options).query({ query: unknown, variables })).rejects.toThrow(
      'PersistedQueryNotSupported',
    );
  });
});
