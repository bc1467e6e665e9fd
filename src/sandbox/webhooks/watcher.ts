import type { Clock } from '../../lib/clock.ts';
import type { Livestream, Status } from '../records.ts';
import type { SandboxClock } from '../sandboxClock.ts';
import type { World } from '../world.ts';

/** What has become of a livestream since it was last looked at. */
export interface Change {
  livestream: Livestream;
  status: Status;
  /** False: only its playback URL has appeared. */
  isNewStatus: boolean;
}

interface Known {
  status: Status;
  hasPlayback: boolean;
}

/** No timer is set for longer, because some runtimes' timers do not reach further than 24 days. */
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000;

/**
 * Notices what happens to the world's livestreams. The world computes its state at every read; so that things happen by time
 * alone, whoever watches looks again, by a timer, when the next one is due.
 */
export class Watcher {
  readonly #clock: SandboxClock;
  readonly #base: Clock;
  readonly #tell: (change: Change) => void;
  #known: Map<string, Known> | undefined;
  #cancel = () => {};

  constructor(clock: SandboxClock, base: Clock, tell: (change: Change) => void) {
    this.#clock = clock;
    this.#base = base;
    this.#tell = tell;
  }

  /** Tells what is different from the last look. The first look tells nothing. */
  look(world: World): void {
    this.#cancel();
    const known = this.#known;
    this.#known = new Map(world.livestreams().map((livestream) => [livestream.id, see(world, livestream)]));
    if (known !== undefined) this.#compare(world, known, this.#known);
    this.#lookWhenDue(world);
  }

  /** Until the next look, nothing is noticed. */
  rest(): void {
    this.#cancel();
    this.#known = undefined;
  }

  #compare(world: World, before: Map<string, Known>, after: Map<string, Known>): void {
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
    this.#cancel = this.#base.after(Math.min(due - world.now, LONGEST_WAIT_MS), () => this.look(world));
  }
}

function see(world: World, livestream: Livestream): Known {
  return { status: world.statusOf(livestream), hasPlayback: livestream.playbackUrlFrom <= world.now };
}

function isActive(status: Status): boolean {
  return status === 'LIVE' || status === 'INVOKED';
}
