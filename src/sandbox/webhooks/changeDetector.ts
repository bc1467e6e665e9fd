import type { Clock } from '../../lib/clock.ts';
import type { LivestreamRecord, Status } from '../records.ts';
import type { SandboxClock } from '../sandboxClock.ts';
import type { World } from '../world.ts';

/** A change of a livestream since the last check. */
export interface LivestreamChange {
  livestream: LivestreamRecord;
  status: Status;
  /** False if only the playback URL has become visible. */
  isNewStatus: boolean;
}

/**
 * Detects changes of the world's livestreams. The world computes its state at every read, so that changes by time alone need a timer:
 * each check sets one for the next such change, on `base`.
 */
export function createChangeDetector(clock: SandboxClock, base: Clock, onChange: (change: LivestreamChange) => void) {
  let snapshots: Map<string, { status: Status; hasPlayback: boolean }> | undefined;
  let cancelTimer = () => {};

  /** Reports the changes since the last check; the first check reports none. */
  function check(world: World): void {
    cancelTimer();
    const previous = snapshots;
    snapshots = new Map();
    for (const livestream of world.livestreams.values()) {
      const status = world.statusOf(livestream);
      const hasPlayback = livestream.playbackUrlVisibleAt <= world.now();
      snapshots.set(livestream.id, { status, hasPlayback });
      if (previous === undefined) continue;
      const before = previous.get(livestream.id);
      const isNewStatus = before?.status !== status;
      const isActive = status === 'LIVE' || status === 'INVOKED';
      const hasNewPlayback = before?.hasPlayback !== hasPlayback && isActive;
      if (isNewStatus || hasNewPlayback) onChange({ livestream, status, isNewStatus });
    }
    const dueAt = clock.isRunning() ? world.nextChangeAt() : undefined;
    if (dueAt !== undefined) cancelTimer = base.after(dueAt - world.now(), () => check(world));
  }

  /** Stops the timer. The next check will be the first one. */
  function reset(): void {
    cancelTimer();
    snapshots = undefined;
  }

  return { check, reset };
}
