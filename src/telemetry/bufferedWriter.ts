import { writeSync } from 'node:fs';

/** Lines on their way to whoever reads them. */
export interface Lines {
  write(line: string): void;
  /** Writes all that waits, as far as it is taken. */
  flush(): void;
}

/** Characters of lines that are written at once: to write each by itself takes longer than to answer from memory. */
const FLUSH_AT = 4096;
/** Milliseconds that a line waits at most for others, and what is not taken for another try. */
const LONGEST_WAIT = 100;
/** Characters that wait at most for a reader who takes nothing: all later ones are lost. */
const MOST_WAITING = 4_000_000;

/**
 * Writes to a file descriptor. Where it is a pipe, its reader can be slow or gone: neither ends this process, nor has it wait, as long
 * as the pipe itself does not block.
 */
export function createBufferedWriter(fd: number, write: (fd: number, bytes: Uint8Array) => number = writeSync): Lines {
  let queued = '';
  /** What was begun, of which not all was taken yet. */
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
      if (isFull(error)) later();
      // Nobody reads it any more.
      else inFlight = Buffer.alloc(0);
    }
  }

  function later(): void {
    timer ??= setTimeout(flush, LONGEST_WAIT).unref();
  }

  return {
    write(line) {
      if (queued.length >= MOST_WAITING) return;
      queued += line;
      if (queued.length >= FLUSH_AT && inFlight.length === 0) flush();
      else later();
    },
    flush,
  };
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}
