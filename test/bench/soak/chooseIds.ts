import type { Observer } from './observer.ts';
import type { KnownIds } from './queries.ts';

/** Meetings for the hosts alone, and what queries ask for: some that run, some that rest, some that the hosts change. */
export async function chooseIds(observer: Observer, hosts: number): Promise<{ ids: KnownIds; idle: string[] }> {
  const truths = await observer.truths();
  const idle = (await observer.idleMeetings()).slice(0, hosts);
  const running = truths.filter(({ isActive, meetingId }) => isActive && meetingId !== null).slice(0, 6);
  const resting = truths.filter(({ isActive }) => !isActive).slice(0, 2);
  const meetings = running.slice(0, 3).flatMap(({ meetingId }) => meetingId ?? []);
  const ids = {
    livestreams: [...running, ...resting].map(({ id }) => id),
    meetings: [...meetings, ...idle],
    sessions: await observer.sampleSessions(),
  };
  return { ids, idle };
}
