import { describe, expect, test } from 'vitest';

import { at, matching } from '../support/gateway.ts';
import { APOLLO, type FederationOptions, HIVE, startFederation } from './federation.ts';
import { HIVE_GATEWAY_WITH_SCOPES } from './startRouter.ts';

describe('our scopes', () => {
  const SECRET = '{ plannedMeetings { agenda title activeLivestream { status streamKey } } }';

  async function askForSecret(options: FederationOptions, headers: Record<string, string> = {}) {
    await using federation = await startFederation(options);
    const { agenda, ask, livestreams } = federation;
    agenda.plan(livestreams.sandbox.exampleIds.liveMeetingId);
    const { data, errors } = await ask(SECRET, {}, headers);
    return { meeting: at(data, 'plannedMeetings', 0), errors, upstream: livestreams.upstream() };
  }

  test('stop Apollo Gateway from starting, which cannot enforce them: it needs the SDL without', async () => {
    await expect(startFederation({ ...APOLLO, scopes: true })).rejects.toThrow(
      'https://specs.apollo.dev/requiresScopes/v0.1 is for: SECURITY but is unsupported',
    );
  });

  test('are left to our gateway by Hive Gateway as it comes', async () => {
    const { meeting, errors } = await askForSecret(HIVE);

    expect(errors).toEqual([]);
    expect(meeting).toMatchObject({ activeLivestream: { streamKey: matching(/^[0-9a-f]{64}$/) } });
  });

  const WITH_SCOPES = { ...HIVE, router: HIVE_GATEWAY_WITH_SCOPES };

  test('are enforced by Hive Gateway where it knows its callers: without any, nothing is asked of us', async () => {
    const { meeting, errors, upstream } = await askForSecret(WITH_SCOPES);

    expect(meeting).toEqual({ agenda: matching(/^What meeting/), title: null, activeLivestream: null });
    expect(errors).toMatchObject([
      { path: ['plannedMeetings', 'title'], extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' } },
      { path: ['plannedMeetings', 'activeLivestream'], extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' } },
    ]);
    expect(upstream).toEqual([]);
  });

  test('are enforced by Hive Gateway where it knows its callers: who may read does not see a secret', async () => {
    const { meeting, errors } = await askForSecret(WITH_SCOPES, { authorization: 'Bearer livestream:read' });

    expect(meeting).toMatchObject({ activeLivestream: { status: 'LIVE', streamKey: null } });
    expect(errors).toMatchObject([{ path: ['plannedMeetings', 'activeLivestream', 'streamKey'] }]);
  });
});
