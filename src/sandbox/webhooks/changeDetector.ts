import type { Clock } from '../../lib/clock.ts';
import type { LivestreamRecord, Status } from '../records.ts';
import type { SandboxClock } from '../sandboxClock.ts';
import type { World } from '../world.ts';

/** What has become of a livestream since it was last looked at. */
export interface LivestreamChange {
  livestream: LivestreamRecord;
  status: Status;
  /** False: only its playback URL has appeared. */
  isNewStatus: boolean;
}

interface LivestreamSnapshot {
  status: Status;
  hasPlayback: boolean;
}

/** No timer is set for longer, because some runtimes' timers do not reach further than 24 days. */
const MAX_TIMER_MS = 24 * 60 * 60 * 1000;

/**
 * Notices what happens to the world's livestreams. The world computes its state at every read; so that things happen by time
 * alone, whoever watches looks again, by a timer, when the next one is due.
 */
export class ChangeDetector {
  readonly #clock: SandboxClock;
  readonly #base: Clock;
  readonly #tell: (change: LivestreamChange) => void;
  #known: Map<string, LivestreamSnapshot> | undefined;
  #cancel = () => {};

  constructor(clock: SandboxClock, base: Clock, tell: (change: LivestreamChange) => void) {
    this.#clock = clock;
    this.#base = base;
    this.#tell = tell;
  }

  /** Tells what is different from the last look. The first look tells nothing. */
  check(world: World): void {
    this.#cancel();
    const known = this.#known;
    this.#known = new Map(world.livestreams().map((livestream) => [livestream.id, snapshotOf(world, livestream)]));
    if (known !== undefined) this.#compare(world, known, this.#known);
    this.#lookWhenDue(world);
  }

  /** Until the next look, nothing is noticed. */
  reset(): void {
    this.#cancel();
    this.#known = undefined;
  }

  #compare(world: World, before: Map<string, LivestreamSnapshot>, after: Map<string, LivestreamSnapshot>): void {
    for (const livestream of world.livestreams()) {
      const [was, is] = [before.get(livestream.id), after.get(livestream.id)];
      if (is === undefined) continue;
      const isNewStatus = was?.status !== is.status;
      const hasNewPlayback = was?.hasPlayback !== is.hasPlayback && isActive(is.status);
      if (isNewStatus || hasNewPlayback) this.#tell({ livestream, status: is.status, isNewStatus });
    }
  }

  #lookWhenDue(world: World): void {
    const due = this.#clock.running ? world.nextChangeAt() : undefined;
    if (due === undefined) return;
    this.#cancel = this.#base.after(Math.min(due - world.now, MAX_TIMER_MS), () => this.check(world));
  }
}

function snapshotOf(world: World, livestream: LivestreamRecord): LivestreamSnapshot {
  return { status: world.statusOf(livestream), hasPlayback: livestream.playbackUrlVisibleAt <= world.now };
}

function isActive(status: Status): boolean {
  return status === 'LIVE' || status === 'INVOKED';
}
