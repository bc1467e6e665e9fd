import type { SettingsPatch } from '../../src/sandbox/settings.ts';
import type { Transport, TransportRequest } from '../../src/realtimekit/transport.ts';
import { type TestResponse, at, nonNull, asArray, startTestGateway, type TestGateway } from '../support/gateway.ts';

/** A small quota that upstream enforces with a lockout of five minutes. */
export const SMALL_QUOTA = {
  quota: { limit: 20, windowSeconds: 60, lockoutSeconds: 300, enforced: true },
} as const satisfies SettingsPatch;

export const MEETING = 'query ($id: ID!) { meeting(id: $id) { title } }';
export const LIVESTREAM = 'query ($id: ID!) { livestream(id: $id) { status name } }';
export const SESSION = 'query ($id: ID!) { livestreamSession(id: $id) { viewerSeconds } }';
export const MEETINGS = '{ meetings(first: 50) { nodes { id } } }';
export const START = `mutation ($id: ID!) {
  startLivestream(input: { meetingId: $id }) { livestream { id } userErrors { code } }
}`;
export const BUDGET = '{ upstreamBudget { limit remaining resetsAt } }';

/** Executes an operation with the variable `id`, and requests the upstream report. */
export async function sendWithReport(gateway: TestGateway, query: string, id = ''): Promise<TestResponse> {
  return gateway.send({ query, variables: { id } }, { headers: { 'x-upstream-report': '1' } });
}

/** The upstream report of a response. */
export function reportOf({ text }: TestResponse): unknown {
  const body: unknown = JSON.parse(text);
  return at(body, 'extensions', 'upstream');
}

export const sourcesOf = (response: TestResponse): unknown[] =>
  asArray(at(reportOf(response), 'calls')).map((call) => at(call, 'source'));

/** Reads ids of meetings from upstream, without the gateway and its budget. */
export async function fetchMeetingIds(gateway: TestGateway, count: number): Promise<string[]> {
  const rows = asArray(await gateway.rest(`/meetings?per_page=${count}`));
  gateway.clearUpstreamRequests();
  return rows.map((row) => String(at(row, 'id')));
}

/** Reads one meeting after another until the gateway rejects a read, and returns the number of successful reads. */
export async function exhaustBudget(gateway: TestGateway, ids: readonly string[]): Promise<number> {
  for (const [successful, id] of ids.entries()) {
    const { errors } = await sendWithReport(gateway, MEETING, id);
    if (errors.length > 0) return successful;
  }
  throw new Error('There are too few meetings to exhaust the budget');
}

/** A gateway, and another client with the same token. The client repeats the gateway's last request. */
export async function startWithOtherClient(settings: SettingsPatch) {
  const wire: { send?: Transport; lastRequest?: TransportRequest } = {};
  const gateway = await startTestGateway({
    settings,
    intercept: (send) => {
      wire.send = send;
      return (request) => {
        wire.lastRequest = request;
        return send(request);
      };
    },
  });
  async function spendElsewhere(requests: number): Promise<void> {
    const [send, lastRequest] = [nonNull(wire.send), nonNull(wire.lastRequest)];
    for (let sent = 0; sent < requests; sent += 1) await send({ ...lastRequest, signal: new AbortController().signal });
  }
  return { gateway, wire, spendElsewhere };
}

export const rejectedCount = ({ sandbox }: TestGateway): number => sandbox.requests().rejected;
export const receivedCount = ({ sandbox }: TestGateway): number => sandbox.requests().received;
