/*
 * Loaded into every replica before its own code (`node --expose-gc --import`): tells what the process holds once all that can be
 * collected is. Nothing of the program knows of it, and it keeps no replica from ending.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

async function look(): Promise<object> {
  const resources = Map.groupBy(process.getActiveResourcesInfo(), (type) => type);
  // What finalizers let go in the first round is collected in those that follow.
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await wait(100);
  }
  return {
    heapBytes: process.memoryUsage().heapUsed,
    residentBytes: process.memoryUsage.rss(),
    sockets: openSockets(),
    resources: Object.fromEntries([...resources].map(([type, all]) => [type, all.length])),
  };
}

/** Socket descriptors, those that nobody waits for any more too; -1 where the system does not show them. */
function openSockets(): number {
  try {
    return readdirSync('/proc/self/fd').filter((fd) => linkOf(fd).startsWith('socket:')).length;
  } catch {
    return -1;
  }
}

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // It was that of the folder's own listing.
    return '';
  }
}

process.on('message', () => void look().then((held) => process.send?.(held)));
// However the run ends, nothing of it stays behind.
process.on('disconnect', () => process.exit());
process.channel?.unref();
