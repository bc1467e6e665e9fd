import { writeSync } from 'node:fs';

/** Writing each line on its own takes longer than answering a query from the cache. */
const FLUSH_AT_CHARS = 4096;
/** How long a line may stay in the buffer, and how long to wait after the pipe was full. */
const FLUSH_INTERVAL_MS = 100;
/** Further lines are dropped while the reader of a pipe does not read. */
const MAX_QUEUED_CHARS = 4_000_000;

/**
 * Creates a writer of lines, several at a time, for a file descriptor. If the descriptor is a pipe, a slow or absent reader neither ends this process nor blocks
 * it, unless the pipe itself is in blocking mode. `write` returns the number of bytes that the descriptor accepted, as `fs.writeSync`.
 */
export function createBufferedWriter(fd: number, write: (fd: number, bytes: Uint8Array) => number = writeSync) {
  let queued = '';
  /** Bytes of which an earlier write accepted only a part. */
  let inFlight: Buffer = Buffer.alloc(0);
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    try {
      while (inFlight.length > 0 || queued !== '') {
        if (inFlight.length === 0) {
          inFlight = Buffer.from(queued);
          queued = '';
        }
        inFlight = inFlight.subarray(write(fd, inFlight));
      }
    } catch (error) {
      const isPipeFull = error instanceof Error && 'code' in error && error.code === 'EAGAIN';
      if (isPipeFull) scheduleFlush();
      // The pipe has no reader any more.
      else inFlight = Buffer.alloc(0);
    }
  }

  function scheduleFlush(): void {
    timer ??= setTimeout(flush, FLUSH_INTERVAL_MS).unref();
  }

  return {
    /** Appends a line, which must end with a line break. */
    write(line: string): void {
      if (queued.length >= MAX_QUEUED_CHARS) return;
      queued += line;
      if (queued.length >= FLUSH_AT_CHARS && inFlight.length === 0) flush();
      else scheduleFlush();
    },
    /** Writes all buffered lines, as far as the file descriptor accepts them. */
    flush,
  };
}
