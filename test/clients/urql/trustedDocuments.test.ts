import { parse } from 'graphql';
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
  test('are served by their ids to urql: queries, mutations and subscriptions', async () => {
    const { gateway, options, shown } = await start();
    const client = createTrustedClient(options);
    const list = await client.query(Livestreams, { first: 1 });
    expect(list.data).toMatchObject({ livestreams: { totalCount: 320 } });
    const meetingId = gateway.exampleIds.idleMeetingId;
    expect(await startLivestream(client, meetingId, 'Launch')).toEqual([]);
    const results: unknown[] = [];
    client.subscription(LivestreamUpdated, { meetingId }).subscribe(({ data }) => results.push(data));
    await expect.poll(() => results).toMatchObject([{ livestreamUpdated: { status: 'INVOKED' } }]);
    expect(shown).toEqual([]);
  });

  test('are the only ones that are served to urql', async () => {
    const { options } = await start();
    const byText = await createClient(options).query(LivestreamPage, { id: 'any' });
    expect(byText.error?.message).toContain('serves only trusted documents');
    const unknown = { ...parse('{ meetings { totalCount } }'), __meta__: { hash: 'sha256:0' } };
    const byId = await createTrustedClient(options).query(unknown, {});
    expect(byId.error?.message).toContain('PersistedQueryNotSupported');
  });
});
