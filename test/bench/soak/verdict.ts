import { unexplained } from './explained.ts';
import type { Want } from './hosts.ts';
import type { Harvest } from './observer.ts';
import type { Held } from './replica.ts';
import { type Outcomes, UNEXPLAINED } from './tally.ts';
import { mostInWindow } from './windows.ts';

/** All that a run found out. */
export interface Figures {
  kinds: ReadonlyMap<string, Outcomes>;
  codes: ReadonlyMap<string, number>;
  broken: ReadonlyMap<string, number>;
  givenUp: number;
  quota: { limit: number; windowSeconds: number };
  harvest: Harvest;
  wants: readonly Want[];
  /** Of each livestream that was wanted or came about, how many the API has. */
  created: ReadonlyMap<string, number>;
  repeated: number;
  /** Of the replica that is never ended: before any load, after the warm-up, and after everything. */
  control: { fresh: Held; warm: Held; end: Held };
  endings: ReadonlyMap<string, number>;
  accidents: readonly string[];
  redis: ReadonlyMap<string, number>;
  faults: ReadonlyMap<string, number>;
  /** Those who still watched at the end, how long it took them all to know what is so, in seconds, and what some never knew. */
  viewers: { came: number; survived: number; seconds: number; wrong: readonly string[] };
  /** Log lines of the level `error`. */
  errors: ReadonlyMap<string, number>;
}

/** Something that the gateway promises. */
export interface Verdict {
  what: string;
  isKept: boolean;
  found: string;
}

/** The most that the heap may be at the end, as a multiple of what it was. */
const MOST_GROWN = 1.1;

/** What was promised, and whether it was kept. */
export function judge(figures: Figures): Verdict[] {
  const { harvest, quota, accidents, viewers, wants, created } = figures;
  const strange = unexplained(figures.codes.keys());
  const torn = [...figures.broken.keys()].filter((why) => why.startsWith(UNEXPLAINED));
  const cut = figures.broken.get('SIGTERM, operation') ?? 0;
  const most = mostInWindow(harvest.times, quota.windowSeconds * 1000);
  const unsettled = wants.filter(({ told }) => told === null).map(({ name }) => name);
  const lost = wants.filter(({ name, told }) => told !== null && created.get(name) === 0).map(({ name }) => name);
  const doubled = [...created].filter(([, count]) => count > 1).map(([name]) => name);
  const wanted = new Set(wants.map(({ name }) => name));
  const unwanted = [...created.keys()].filter((name) => !wanted.has(name));
  const { fresh, warm, end } = figures.control;
  const left = leftBehind(fresh, end);
  return [
    none('Every error code is explained', strange),
    none('Connections break only where a replica was told to end', torn),
    verdict('A rolling restart breaks no operation', cut === 0, `${cut} broken`),
    verdict('Every operation is answered in the end', figures.givenUp === 0, `${figures.givenUp} given up`),
    verdict('Upstream refuses nothing for its quota', harvest.refused === 0, `${harvest.refused} times 429`),
    verdict(
      `At most ${quota.limit} upstream requests in ${quota.windowSeconds} s`,
      most.counted <= quota.limit,
      `${most.counted} at most`,
    ),
    verdict('No redirect is followed', harvest.trapped === 0, `${harvest.trapped} followed`),
    none('Every host learns that its livestream runs', unsettled),
    none('No start is lost', lost),
    none('None is started twice', doubled),
    none('Only what is wanted is started', unwanted),
    verdict(
      'The heap grows by 10 % at most',
      end.heapBytes <= warm.heapBytes * MOST_GROWN,
      `${(100 * growthOf(figures)).toFixed(1)} %`,
    ),
    none('Handles and sockets are back to the start', left),
    none('Replicas end only when told to, and drain with exit code 0', accidents),
    none('Whoever still watches knows what is so', viewers.wrong),
  ];
}

/** By how much the heap of the replica that is never ended grew, as a share. */
export function growthOf({ control }: Pick<Figures, 'control'>): number {
  return control.end.heapBytes / control.warm.heapBytes - 1;
}

/** Of what there is more at the end than at the start. */
export function leftBehind(fresh: Held, end: Held): string[] {
  const before = new Map(Object.entries({ ...fresh.resources, 'open sockets': fresh.sockets }));
  return Object.entries({ ...end.resources, 'open sockets': end.sockets }).flatMap(([type, count]) => {
    const known = before.get(type) ?? 0;
    return count > known ? [`${type}: ${count}, at the start ${known}`] : [];
  });
}

function verdict(what: string, isKept: boolean, found: string): Verdict {
  return { what, isKept, found };
}

/** Kept where there is none of those. */
function none(what: string, those: readonly string[]): Verdict {
  const shown = those.slice(0, 5).join('; ');
  const more = those.length > 5 ? `; ${those.length - 5} more` : '';
  return verdict(what, those.length === 0, those.length === 0 ? 'yes' : shown + more);
}
