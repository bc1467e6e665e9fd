import { setTimeout as wait } from 'node:timers/promises';

import { createRandom } from '../../src/sandbox/random.ts';
import { makeChaos } from './soak/chaos.ts';
import { createClient } from './soak/client.ts';
import { type Crowd, gather, targetsOf } from './soak/crowd.ts';
import { type Doorman, startDoorman } from './soak/doorman.ts';
import { type Fleet, startFleet } from './soak/fleet.ts';
import { chooseIds } from './soak/chooseIds.ts';
import { countEach, host, type HostReport } from './soak/hosts.ts';
import { createObserver, type Observer } from './soak/observer.ts';
import type { KnownIds } from './soak/queries.ts';
import { readSteadily } from './soak/readers.ts';
import { type Redis, startRedis } from './soak/redis.ts';
import type { Held } from './soak/replica.ts';
import { writeReport } from './soak/report.ts';
import { Tally } from './soak/tally.ts';
import { type Figures, judge, leftBehind } from './soak/verdict.ts';
import { wrongOf } from './soak/wrong.ts';
import { makeWeather } from './soak/weather.ts';
import { type BenchSandbox, startSandbox } from './upstream.ts';

/** How long and how much. */
export interface SoakSize {
  /** Of load, the warm-up included. */
  minutes: number;
  warmUpSeconds: number;
  /** All that is random follows from it. */
  seed: number;
}

type Note = (line: string) => void;

/** The vendor's own. */
const QUOTA = { limit: 1200, windowSeconds: 300, lockSeconds: 300 };
const REPLICAS = 3;
/** Queries in any second; what they ask for is so little that a single budget can keep it fresh. */
const RATE = 90;
const HOSTS = 6;
const VIEWERS = { stay: 18, comeAndGo: 12 };
/** Seconds after the load within which hosts have to know what became of their starts: a window's budget may be used up. */
const SETTLE_SECONDS = 330;
/** Seconds after that within which all who watch have to know what is so, for the same reason. */
const KNOW_SECONDS = 330;
/** Seconds after that within which handles and sockets have to be gone. */
const RELEASE_SECONDS = 120;
/** The run is ended by force when it takes so much longer than its load. */
const MOST_OVERTIME_MS = 15 * 60_000;

/** All that runs while it lasts. */
interface Stage {
  sandbox: BenchSandbox;
  redis: Redis;
  fleet: Fleet;
  doorman: Doorman;
  observer: Observer;
}

/** Load, faults and chaos on three replicas; gives the report, and each promise that was broken. */
export async function runSoak(size: SoakSize, note: Note): Promise<{ report: string; broken: string[] }> {
  const overtime = setTimeout(
    () => {
      note('It did not end by itself.');
      process.exit(1);
    },
    size.minutes * 60_000 + MOST_OVERTIME_MS,
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const ends: (() => Promise<void>)[] = [];
  try {
    const figures = await play(await setTheStage(size.seed, ends), size, note);
    const verdicts = judge(figures);
    const broken = verdicts.filter(({ isKept }) => !isKept).map(({ what, found }) => `${what}: ${found}`);
    return { report: writeReport(figures, verdicts, howItRan(size)), broken };
  } finally {
    for (const end of ends.toReversed()) await end();
    clearTimeout(overtime);
  }
}

/** Notes in `ends` how each of what it starts is ended. */
async function setTheStage(seed: number, ends: (() => Promise<void>)[]): Promise<Stage> {
  const redis = await startRedis(seed);
  ends.push(redis.end);
  const sandbox = await startSandbox({
    goLiveAfterMs: 1500,
    playbackUrlDelayMs: 1000,
    nameDelayMs: 300,
    quota: { ...QUOTA, enforced: true },
    webhooks: { copies: 2, lateMs: 300, order: 'shuffled', batchMs: 500, badSignatureShare: 0.2, statuses: 'all' },
  });
  ends.push(sandbox.end);
  const fleet = await startFleet(REPLICAS, {
    ...sandbox.env,
    REDIS_URL: redis.url,
    WEBHOOK_KEY_URL: `${sandbox.origin}/.well-known/webhooks.json`,
    UPSTREAM_ATTEMPT_TIMEOUT_MS: '3000',
    UPSTREAM_TIMEOUT_MS: '8000',
    // Longer than it takes until nobody is sent there any more.
    DRAIN_DELAY_MS: '1000',
    // Full after the warm-up, so that what grows after that is no cache.
    CACHE_MB: '2',
  });
  ends.push(fleet.end);
  const doorman = await startDoorman(fleet);
  ends.push(doorman.end);
  const observer = createObserver(sandbox);
  await observer.register(doorman.url);
  return { sandbox, redis, fleet, doorman, observer };
}

async function play(stage: Stage, size: SoakSize, note: Note): Promise<Figures> {
  const { fleet, observer } = stage;
  const { control } = fleet;
  const tally = new Tally();
  const { ids, idle } = await chooseIds(observer, HOSTS);
  const load = { stage, tally, ids, idle, note };
  const fresh = await control.look();

  note(`warming up for ${size.warmUpSeconds} s`);
  const warmUp = await runLoad({ ...load, seed: size.seed + 100, prefix: 'warm-up ' }, size.warmUpSeconds, false);
  await release(warmUp.crowd, fresh, stage);
  const warm = await control.look();

  const seconds = Math.max(1, size.minutes * 60 - size.warmUpSeconds);
  note(`load and chaos for ${seconds} s`);
  const run = await runLoad({ ...load, seed: size.seed + 200, prefix: 'soak ' }, seconds, true);
  note('comparing what those who watch know with what is so');
  const viewers = await knowTheTruth(run.crowd, observer);
  const end = await release(run.crowd, fresh, stage);
  await observer.harvest();
  const names = (await observer.truths()).flatMap(({ name }) => (name === null ? [] : [name]));
  const wants = [...warmUp.report.wants, ...run.report.wants];
  const ours = names.filter((name) => name.startsWith('warm-up ') || name.startsWith('soak '));
  return {
    kinds: tally.kinds,
    codes: tally.codes,
    broken: tally.broken,
    givenUp: tally.givenUp,
    quota: QUOTA,
    harvest: observer.harvested,
    wants,
    created: countEach(wants, ours),
    repeated: warmUp.report.repeated + run.report.repeated,
    control: { fresh, warm, end },
    endings: fleet.endings,
    accidents: fleet.accidents,
    redis: run.struck,
    faults: run.armed,
    viewers: { ...viewers, came: warmUp.crowd.came() + run.crowd.came() },
    errors: fleet.errors(),
  };
}

interface Load {
  stage: Stage;
  tally: Tally;
  ids: KnownIds;
  idle: readonly string[];
  note: Note;
  seed: number;
  prefix: string;
}

interface LoadRun {
  crowd: Crowd;
  report: HostReport;
  struck: Map<string, number>;
  armed: Map<string, number>;
}

/** Everybody at once, until the time is up and whoever began something has finished it; those who watch stay. */
async function runLoad(load: Load, seconds: number, withChaos: boolean): Promise<LoadRun> {
  const { stage, tally, ids, idle, seed, prefix } = load;
  const { fleet, observer, redis, sandbox } = stage;
  const began = performance.now();
  const isAfter = (late: number) => (): boolean => performance.now() - began > (seconds + late) * 1000;
  const isOver = isAfter(0);
  const isTooLate = isAfter(SETTLE_SECONDS);
  const client = createClient(fleet, tally);
  const report: HostReport = { wants: [], repeated: 0 };
  const watched = targetsOf(idle, ids.livestreams.slice(0, 6));
  const crowd = gather({ fleet, tally, random: createRandom(seed), targets: watched, ...VIEWERS });
  const hosts = idle.map(async (meetingId, index) => {
    const options = { client, tally, random: createRandom(seed + 10 + index), prefix, meetingId, isOver, isTooLate };
    return host(options, report);
  });
  const nothing = Promise.resolve(new Map<string, number>());
  const [struck, armed] = await Promise.all([
    withChaos ? makeChaos({ fleet, redis, random: createRandom(seed + 1) }, isOver) : nothing,
    withChaos ? makeWeather({ sandbox, observer, random: createRandom(seed + 2) }, isOver) : nothing,
    readSteadily({ client, tally, random: createRandom(seed + 3), ids }, RATE, isOver),
    keepHarvesting(observer, isOver),
    ...hosts,
  ]);
  await crowd.settle();
  await client.close();
  return { crowd, report, struck, armed };
}

/** The API's log is bounded: it is read while it still has everything. */
async function keepHarvesting(observer: Observer, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await observer.harvest();
    await wait(5000);
  }
}

/** Waits until all who watch know what is so. */
async function knowTheTruth(
  crowd: Crowd,
  observer: Observer,
): Promise<Pick<Figures['viewers'], 'survived' | 'seconds' | 'wrong'>> {
  const began = performance.now();
  for (;;) {
    const truths = await observer.truths();
    const viewers = crowd.viewers();
    const wrong = viewers.flatMap((viewer) => wrongOf(viewer, truths));
    const seconds = (performance.now() - began) / 1000;
    if (wrong.length === 0 || seconds > KNOW_SECONDS) return { survived: viewers.length, seconds, wrong };
    await wait(2000);
  }
}

/** Everybody leaves; waits until the replica that is never ended holds no more than it did before, and gives what it does. */
async function release(crowd: Crowd, fresh: Held, { fleet, observer }: Stage): Promise<Held> {
  crowd.leave();
  for (const began = performance.now(); ; await wait(2000)) {
    await observer.harvest();
    const held = await fleet.control.look();
    const isLate = performance.now() - began > RELEASE_SECONDS * 1000;
    if (isLate || leftBehind(fresh, held).length === 0) return held;
  }
}

function howItRan({ minutes, seed }: SoakSize): string {
  return (
    `${shownMinutes(minutes)} of load on ${REPLICAS} replicas and one Redis: ${RATE} queries in a second, ${HOSTS} hosts who go live and stop again, ` +
    `${VIEWERS.stay + VIEWERS.comeAndGo} who watch at a time; the simulated API enforces ${QUOTA.limit} requests in ${QUOTA.windowSeconds} s. ` +
    `Seed ${seed}. Node ${process.versions.node}.`
  );
}

function shownMinutes(minutes: number): string {
  return minutes === 1 ? 'One minute' : `${minutes} minutes`;
}
