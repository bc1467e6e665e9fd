import type { QueryIds } from './readQueries.ts';
import type { SandboxObserver } from './sandboxObserver.ts';

/**
 * Chooses idle meetings for the broadcasters alone, and the ids that queries use: some of active livestreams, some of inactive ones,
 * and the broadcasters' meetings.
 */
export async function chooseIds(
  observer: SandboxObserver,
  broadcasters: number,
): Promise<{ queryIds: QueryIds; idleMeetingIds: string[] }> {
  const livestreams = await observer.livestreams();
  const idleMeetingIds = (await observer.idleMeetingIds()).slice(0, broadcasters);
  const active = livestreams.filter(({ isActive, meetingId }) => isActive && meetingId !== null).slice(0, 6);
  const inactive = livestreams.filter(({ isActive }) => !isActive).slice(0, 2);
  const activeMeetingIds = active.slice(0, 3).flatMap(({ meetingId }) => meetingId ?? []);
  const queryIds = {
    livestreams: [...active, ...inactive].map(({ id }) => id),
    meetings: [...activeMeetingIds, ...idleMeetingIds],
    sessions: await observer.exampleSessionIds(),
  };
  return { queryIds, idleMeetingIds };
}
