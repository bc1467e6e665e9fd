import type { Read } from './actions.ts';
import type { ModelWorld } from './world.ts';

const LIVESTREAM = '__typename id name status updatedAt';
const SESSION = '__typename id errorMessage updatedAt stoppedAt livestream { id }';
const MEETING = '__typename id title updatedAt';

/** The query of a kind of read. `pick` selects the meeting and the livestream. */
export function buildQuery(
  read: Read,
  pick: number,
  { meetingIds, livestreamIds, sandbox: { exampleIds } }: ModelWorld,
): string {
  const meetingId = pickFrom(meetingIds, pick);
  const livestreamId = pickFrom(livestreamIds, pick);
  const sessionId = pickFrom([exampleIds.liveSessionId, exampleIds.liveSessionId, exampleIds.endedSessionId], pick);
  const each = (ids: string[], field: (id: string) => string): string =>
    `{ ${ids.map((id, index) => `field${index}: ${field(id)}`).join(' ')} }`;
  const queries: Record<Read, () => string> = {
    active: () =>
      `{ meeting(id: "${meetingId}") { __typename id activeLivestream { ${LIVESTREAM} activeSession { ${SESSION} } } } }`,
    actives: () =>
      each(meetingIds, (id) => `meeting(id: "${id}") { __typename id activeLivestream { ${LIVESTREAM} } }`),
    livestream: () => `{ livestream(id: "${livestreamId}") { ${LIVESTREAM} activeSession { ${SESSION} } } }`,
    livestreams: () => each([...livestreamIds.slice(-5), 'none'], (id) => `livestream(id: "${id}") { ${LIVESTREAM} }`),
    liveList: () => `{ livestreams(first: 5, filter: { status: LIVE }) { nodes { ${LIVESTREAM} } } }`,
    meetingList: () =>
      `{ meeting(id: "${meetingId}") { __typename id livestreams(first: 50) { nodes { ${LIVESTREAM} } } } }`,
    meeting: () => `{ meeting(id: "${meetingId}") { ${MEETING} } }`,
    meetings: () => `{ meetings(first: 3) { nodes { ${MEETING} } } }`,
    session: () => `{ livestreamSession(id: "${sessionId}") { ${SESSION} } }`,
    sessions: () =>
      `{ livestream(id: "${livestreamId}") { ${LIVESTREAM} sessions(first: 2) { nodes { ${SESSION} } } } }`,
    budget: () => '{ upstreamBudget { limit remaining resetsAt } }',
  };
  return queries[read]();
}

export function buildStart(meetingId: string, name: string): string {
  return `mutation { startLivestream(input: { meetingId: "${meetingId}", name: "${name}" }) {
    livestream { __typename id name } meeting { __typename id activeLivestream { ${LIVESTREAM} } } userErrors { code } } }`;
}

/** With `selectsLivestream`, the gateway must look up the active livestream before it stops the meeting. */
export function buildStop(meetingId: string, selectsLivestream: boolean): string {
  return `mutation { stopLivestream(input: { meetingId: "${meetingId}" }) {
    ${selectsLivestream ? `livestream { ${LIVESTREAM} }` : ''} meeting { __typename id activeLivestream { ${LIVESTREAM} } } userErrors { code } } }`;
}

/** The element at `pick`, modulo the length. */
export function pickFrom<T>(values: readonly T[], pick: number): T {
  const value = values[pick % values.length];
  if (value === undefined) throw new Error('The list is empty.');
  return value;
}
