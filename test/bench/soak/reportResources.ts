/*
 * Loaded into every replica with `node --expose-gc --import`, before the gateway's own code. Collects garbage on any message of the
 * parent, then replies with the memory, sockets and handles that this process still uses. Does not prevent the replica from exiting.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

async function measureResources(): Promise<object> {
  const resources = Map.groupBy(process.getActiveResourcesInfo(), (type) => type);
  // Finalizers of the first collection release objects that only the next one can collect.
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await wait(100);
  }
  return {
    heapBytes: process.memoryUsage().heapUsed,
    residentBytes: process.memoryUsage.rss(),
    sockets: countOpenSockets(),
    resources: Object.fromEntries([...resources].map(([type, all]) => [type, all.length])),
  };
}

/** Counts socket descriptors, including those that no longer have a handle. Returns -1 on systems without `/proc`. */
function countOpenSockets(): number {
  try {
    return readdirSync('/proc/self/fd').filter((fd) => linkTargetOf(fd).startsWith('socket:')).length;
  } catch {
    return -1;
  }
}

function linkTargetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // The descriptor belonged to the directory listing and is closed by now.
    return '';
  }
}

process.on('message', () => void measureResources().then((usage) => process.send?.(usage)));
// The replica must not outlive the soak test, however the test ends.
process.on('disconnect', () => process.exit());
process.channel?.unref();
