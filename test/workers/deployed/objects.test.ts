import { describe, expect, it } from 'vitest';

import { at } from '../../support/gateway.ts';
import { deploy } from './deployment.ts';

const START = `mutation ($input: StartLivestreamInput!) {
  startLivestream(input: $input) { livestream { id name } errors: userErrors { code } }
}`;

describe('the Worker', () => {
  it('answers a query from RealtimeKit', async () => {
    const { query, sandbox, upstreamRequests } = await deploy();
    const { liveMeetingId: id, liveLivestreamId } = sandbox.exampleIds;
    const { status, body } = await query('query ($id: ID!) { meeting(id: $id) { activeLivestream { id status } } }', {
      variables: { id },
    });
    expect(status).toBe(200);
    expect(body).toEqual({ data: { meeting: { activeLivestream: { id: liveLivestreamId, status: 'LIVE' } } } });
    expect(upstreamRequests()).toHaveLength(1);
  });

  it('never exceeds the quota, whichever isolates requests arrive at', async () => {
    const { query, sandbox } = await deploy({ isolates: 3, sandbox: { quota: { limit: 60, windowSeconds: 300 } } });
    const outcomes = await Promise.all(
      Array.from({ length: 150 }, async (_, index) => {
        const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
        const { body } = await query('query ($id: ID!) { livestream(id: $id) { id } }', {
          isolate: index % 3,
          variables: { id },
        });
        return at(body, 'errors', 0, 'extensions', 'code') ?? 'OK';
      }),
    );
    const { received, rejected } = sandbox.requests();
    expect(received).toBeLessThanOrEqual(60);
    expect(rejected).toBe(0);
    expect(outcomes.filter((code) => code === 'OK').length).toBeGreaterThan(20);
    expect(new Set(outcomes)).toEqual(new Set(['OK', 'RATE_LIMITED']));
  });

  it('starts a livestream once if three isolates are asked at the same time', async () => {
    const { query, sandbox, upstreamRequests } = await deploy({ isolates: 3 });
    const input = { meetingId: sandbox.exampleIds.idleMeetingId, name: 'Launch' };
    const started = await Promise.all(
      [0, 1, 2].map(async (isolate) => (await query(START, { isolate, variables: { input } })).body),
    );
    const ids = new Set(started.map((body) => at(body, 'data', 'startLivestream', 'livestream', 'id')));
    expect(ids.size).toBe(1);
    expect(upstreamRequests().filter((request) => request.startsWith('POST'))).toHaveLength(1);
  });

  it('finds the livestream whose start was cut off when the object was evicted', async () => {
    const { query, sandbox, upstreamRequests, crash } = await deploy();
    sandbox.setFaults([{ kind: 'hang', method: 'POST', after: true }]);
    const input = { meetingId: sandbox.exampleIds.idleMeetingId, name: 'Launch' };
    const cutOff = query(START, { variables: { input } }).catch(() => 'cut off');
    await expect.poll(upstreamRequests).toContain('POST /meetings/{meeting_id}/livestreams');
    await crash();
    expect(await cutOff).toBe('cut off');
    sandbox.setFaults([]);
    const { body } = await query(START, { variables: { input } });
    expect(body).toMatchObject({ data: { startLivestream: { livestream: { name: 'Launch' }, errors: [] } } });
    expect(upstreamRequests().filter((request) => request.startsWith('POST'))).toHaveLength(1);
  });

  it('remembers what of the quota is spent when the object is evicted', async () => {
    const { query, sandbox, evict } = await deploy({ sandbox: { quota: { limit: 30, windowSeconds: 300 } } });
    const read = async (index: number): Promise<unknown> => {
      const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
      return (await query('query ($id: ID!) { livestream(id: $id) { id } }', { variables: { id } })).body;
    };
    for (let index = 0; index < 60; index += 1) {
      if (index % 7 === 6) await evict();
      await read(index);
    }
    const { received, rejected } = sandbox.requests();
    expect(received).toBeLessThanOrEqual(30);
    expect(received).toBeGreaterThan(15);
    expect(rejected).toBe(0);
  });
});
