import { describe, expect, test } from 'vitest';

import { at, matching } from '../support/gateway.ts';
import { APOLLO, type FederationOptions, HIVE, startFederation } from './federation.ts';
import { HIVE_GATEWAY_WITH_SCOPES } from './startRouter.ts';

describe('@requiresScopes of this gateway', () => {
  const STREAM_KEY_QUERY = '{ plannedMeetings { agenda title activeLivestream { status streamKey } } }';

  async function queryStreamKey(options: FederationOptions, headers: Record<string, string> = {}) {
    await using federation = await startFederation(options);
    const { agenda, execute, livestreams } = federation;
    agenda.plan(livestreams.sandbox.exampleIds.liveMeetingId);
    const { data, errors } = await execute(STREAM_KEY_QUERY, {}, headers);
    return { meeting: at(data, 'plannedMeetings', 0), errors, upstreamRequests: livestreams.upstreamRequests() };
  }

  test('stops Apollo Gateway, which does not support scopes, from starting', async () => {
    await expect(startFederation({ ...APOLLO, scopes: true })).rejects.toThrow(
      'https://specs.apollo.dev/requiresScopes/v0.1 is for: SECURITY but is unsupported',
    );
  });

  test('is left to this gateway by Hive Gateway without genericAuth', async () => {
    const { meeting, errors } = await queryStreamKey(HIVE);

    expect(errors).toEqual([]);
    expect(meeting).toMatchObject({ activeLivestream: { streamKey: matching(/^[0-9a-f]{64}$/) } });
  });

  const WITH_SCOPES = { ...HIVE, router: HIVE_GATEWAY_WITH_SCOPES };

  test('makes Hive Gateway with genericAuth reject a caller without scopes before any upstream request', async () => {
    const { meeting, errors, upstreamRequests } = await queryStreamKey(WITH_SCOPES);

    expect(meeting).toEqual({ agenda: matching(/^What meeting/), title: null, activeLivestream: null });
    expect(errors).toMatchObject([
      { path: ['plannedMeetings', 'title'], extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' } },
      { path: ['plannedMeetings', 'activeLivestream'], extensions: { code: 'UNAUTHORIZED_FIELD_OR_TYPE' } },
    ]);
    expect(upstreamRequests).toEqual([]);
  });

  test('makes Hive Gateway with genericAuth hide the stream key from a caller who has only livestream:read', async () => {
    const { meeting, errors } = await queryStreamKey(WITH_SCOPES, { authorization: 'Bearer livestream:read' });

    expect(meeting).toMatchObject({ activeLivestream: { status: 'LIVE', streamKey: null } });
    expect(errors).toMatchObject([{ path: ['plannedMeetings', 'activeLivestream', 'streamKey'] }]);
  });
});
