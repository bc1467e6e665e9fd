import type { Read } from './actions.ts';
import type { World } from './world.ts';

const LIVESTREAM = '__typename id name status updatedAt';
const SESSION = '__typename id errorMessage updatedAt stoppedAt livestream { id }';
const MEETING = '__typename id title updatedAt';

/** A query, by what it reads; `pick` chooses of which meeting or livestream. */
export function queryOf(
  read: Read,
  pick: number,
  { meetingIds, livestreamIds, sandbox: { exampleIds } }: World,
): string {
  const meetingId = picked(meetingIds, pick);
  const livestreamId = picked(livestreamIds, pick);
  const sessionId = picked([exampleIds.liveSessionId, exampleIds.liveSessionId, exampleIds.endedSessionId], pick);
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

export function startOf(meetingId: string, name: string): string {
  return `mutation { startLivestream(input: { meetingId: "${meetingId}", name: "${name}" }) {
    livestream { __typename id name } meeting { __typename id activeLivestream { ${LIVESTREAM} } } userErrors { code } } }`;
}

/** `looksUp`: asks which livestream it was, so that it is looked up before. */
export function stopOf(meetingId: string, looksUp: boolean): string {
  return `mutation { stopLivestream(input: { meetingId: "${meetingId}" }) {
    ${looksUp ? `livestream { ${LIVESTREAM} }` : ''} meeting { __typename id activeLivestream { ${LIVESTREAM} } } userErrors { code } } }`;
}

export function picked<T>(values: readonly T[], pick: number): T {
  const value = values[pick % values.length];
  if (value === undefined) throw new Error('There is nothing to pick from');
  return value;
}
