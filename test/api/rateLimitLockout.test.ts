import { describe, expect, test } from 'vitest';

import { at, startTestGateway, waitUntil } from '../support/gateway.ts';
import {
  SMALL_QUOTA,
  MEETING,
  START,
  BUDGET,
  sendWithReport,
  sourcesOf,
  fetchMeetingIds,
  startWithOtherClient,
  rejectedCount,
  receivedCount,
} from './budgetScenario.ts';

describe('the lockout after a 429', () => {
  test('blocks reads and mutations until it ends', async () => {
    const gateway = await startTestGateway();
    const ids = await fetchMeetingIds(gateway, 10);
    gateway.sandbox.setFaults([{ kind: 'status', status: 429, retryAfterSeconds: 120, times: 1 }]);
    const first = await sendWithReport(gateway, MEETING, ids[0]);
    expect(first.errors.map(({ extensions }) => extensions)).toMatchObject([
      { code: 'RATE_LIMITED', retryable: true, retryAfterSeconds: 120, upstream: { status: 429 } },
    ]);
    gateway.clock.advance(50_000);
    const responses = await Promise.all([
      ...ids.map((id) => sendWithReport(gateway, MEETING, id)),
      sendWithReport(gateway, START, gateway.exampleIds.emptyMeetingId),
    ]);
    for (const { errors } of responses) {
      expect(errors.map(({ extensions }) => extensions)).toEqual([
        { code: 'RATE_LIMITED', retryable: true, retryAfterSeconds: 70 },
      ]);
    }
    expect(receivedCount(gateway)).toBe(1);
    gateway.clock.advance(70_000);
    expect((await sendWithReport(gateway, MEETING, ids[0])).errors).toEqual([]);
    expect(receivedCount(gateway)).toBe(2);
  });

  test('causes no retries of the reads that it interrupts', async () => {
    const gateway = await startTestGateway();
    const ids = await fetchMeetingIds(gateway, 30);
    gateway.sandbox.setFaults([{ kind: 'status', status: 429, retryAfterSeconds: 60 }]);
    await Promise.all(ids.map((id) => sendWithReport(gateway, MEETING, id)));
    expect(receivedCount(gateway)).toBeLessThanOrEqual(30);
    const before = receivedCount(gateway);
    // The gateway waits for up to five seconds itself. It rejects a read that would have to wait longer.
    for (let second = 1; second < 54; second += 1) {
      gateway.clock.advance(1000);
      await sendWithReport(gateway, MEETING, ids[0]);
    }
    expect(receivedCount(gateway)).toBe(before);
  });

  test.each([971, 10_100])('is understood with the code %i', async (code) => {
    const gateway = await startTestGateway();
    const ids = await fetchMeetingIds(gateway, 2);
    gateway.sandbox.setFaults([{ kind: 'status', status: 429, code, retryAfterSeconds: 60 }]);
    expect((await sendWithReport(gateway, MEETING, ids[0])).errors).toMatchObject([
      { extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 60, upstream: { status: 429, code } } },
    ]);
    gateway.sandbox.setFaults([]);
    expect((await sendWithReport(gateway, MEETING, ids[1])).errors).toMatchObject([
      { extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 60 } },
    ]);
  });

  test('allows stale values, and sets the remaining budget to 0', async () => {
    const gateway = await startTestGateway();
    const ids = await fetchMeetingIds(gateway, 2);
    await sendWithReport(gateway, MEETING, ids[0]);
    gateway.sandbox.setFaults([{ kind: 'status', status: 429, retryAfterSeconds: 300, times: 1 }]);
    await sendWithReport(gateway, MEETING, ids[1]);
    gateway.clock.advance(30_000);
    const response = await sendWithReport(gateway, MEETING, ids[0]);
    expect([response.errors, sourcesOf(response)]).toEqual([[], ['stale']]);
    const resetsAt = new Date(gateway.clock.now() + 270_000).toISOString();
    expect((await sendWithReport(gateway, BUDGET)).data).toEqual({
      upstreamBudget: { limit: 1200, remaining: 0, resetsAt },
    });
  });

  test('applies when another client of the token has caused it', async () => {
    const { gateway, spendElsewhere } = await startWithOtherClient(SMALL_QUOTA);
    const ids = await fetchMeetingIds(gateway, 30);
    await sendWithReport(gateway, MEETING, ids[0]);
    await spendElsewhere(20);
    gateway.clearUpstreamRequests();
    const { errors } = await sendWithReport(gateway, MEETING, ids[1]);
    expect(errors.map(({ extensions }) => extensions)).toMatchObject([
      { code: 'RATE_LIMITED', retryAfterSeconds: 300, upstream: { status: 429 } },
    ]);
    for (let step = 0; step < 29; step += 1) {
      gateway.clock.advance(10_000);
      const responses = await Promise.all(ids.slice(1).map((id) => sendWithReport(gateway, MEETING, id)));
      for (const response of responses) expect(response.errors[0]?.extensions['code']).toBe('RATE_LIMITED');
    }
    expect(receivedCount(gateway)).toBe(1);
    gateway.clock.advance(11_000);
    expect((await sendWithReport(gateway, MEETING, ids[2])).errors).toEqual([]);
    expect([receivedCount(gateway), rejectedCount(gateway)]).toEqual([2, 1]);
  });

  test('delays reads if it is short, and sends no request until it ends', async () => {
    const gateway = await startTestGateway();
    const ids = await fetchMeetingIds(gateway, 12);
    gateway.sandbox.setFaults([{ kind: 'status', status: 429, retryAfterSeconds: 3, times: 1 }]);
    const first = sendWithReport(gateway, MEETING, ids[0]);
    while (at((await sendWithReport(gateway, BUDGET)).data, 'upstreamBudget', 'remaining') !== 0)
      await gateway.roundTrip();
    const queries = ids.slice(1).map((id) => sendWithReport(gateway, MEETING, id));
    // Wait until every operation waits for the lockout to end.
    await waitUntil(() => gateway.clock.pending() === ids.length);
    gateway.clock.advance(2999);
    await gateway.roundTrip();
    expect(receivedCount(gateway)).toBe(1);
    gateway.clock.advance(1);
    const responses = await Promise.all([first, ...queries]);
    expect(responses.flatMap(({ errors }) => errors)).toEqual([]);
    expect(receivedCount(gateway)).toBe(1 + ids.length);
  });
});
