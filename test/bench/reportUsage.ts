import { type GCProfilerResult, GCProfiler, getHeapStatistics } from 'node:v8';

/*
 * Loaded into every server process with `node --import`, before the server's own code. Replies to any message of the parent with
 * the CPU time and memory of this process, so that the benchmark measures the server without its clients and its upstream.
 */

/** What this module itself has used. */
let ownCpuMicroseconds = 0;
let allocatedBytes = 0;
let profiler = startProfiler();
let usedBytes = getHeapStatistics().used_heap_size;

function startProfiler(): GCProfiler {
  const profiler = new GCProfiler();
  profiler.start();
  return profiler;
}

function cpuMicroseconds(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Memory that was allocated is still used, or a garbage collection has freed it. */
function countAllocatedBytes(): void {
  const usedAtEnd = getHeapStatistics().used_heap_size;
  const collections: GCProfilerResult['statistics'] = profiler.stop()?.statistics ?? [];
  for (const { beforeGC, afterGC } of collections)
    allocatedBytes += beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize;
  allocatedBytes += usedAtEnd - usedBytes;
  profiler = startProfiler();
  usedBytes = getHeapStatistics().used_heap_size;
}

process.on('message', () => {
  const before = cpuMicroseconds();
  countAllocatedBytes();
  process.send?.({
    cpuMicroseconds: before - ownCpuMicroseconds,
    allocatedBytes,
    residentBytes: process.memoryUsage.rss(),
  });
  ownCpuMicroseconds += cpuMicroseconds() - before;
});
// The server must not outlive the benchmark, however the benchmark ends.
process.on('disconnect', () => process.exit());
