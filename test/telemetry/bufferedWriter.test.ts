import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createBufferedWriter } from '../../src/telemetry/bufferedWriter.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A pipe that takes so many bytes at a time. */
function pipe() {
  let read = '';
  let room = Infinity;
  let failure: string | null = null;
  return {
    read: () => read,
    setRoom: (bytes: number) => (room = bytes),
    failWith: (code: string | null) => (failure = code),
    write: (_fd: number, chunk: Uint8Array): number => {
      if (failure !== null) throw Object.assign(new Error(failure), { code: failure });
      if (room === 0) throw Object.assign(new Error('full'), { code: 'EAGAIN' });
      const bytes = Buffer.from(chunk).subarray(0, room);
      room -= bytes.length;
      read += bytes.toString();
      return bytes.length;
    },
  };
}

test('writes lines together, and none later than 100 ms', () => {
  const { write, read } = pipe();
  const lines = createBufferedWriter(2, write);
  lines.write('one\n');
  lines.write('two\n');
  expect(read()).toBe('');
  vi.advanceTimersByTime(100);
  expect(read()).toBe('one\ntwo\n');
});

test('goes on where a reader that was slow goes on, in order and without a gap', () => {
  const { write, read, setRoom } = pipe();
  const lines = createBufferedWriter(2, write);
  setRoom(2);
  lines.write('one\n');
  lines.flush();
  expect(read()).toBe('on');
  lines.write('two\n');
  setRoom(Infinity);
  vi.advanceTimersByTime(100);
  expect(read()).toBe('one\ntwo\n');
});

test('neither ends nor waits when nobody reads any more', () => {
  const { write, read, failWith } = pipe();
  const lines = createBufferedWriter(2, write);
  failWith('EPIPE');
  lines.write('one\n');
  expect(() => lines.flush()).not.toThrow();
  failWith(null);
  lines.write('two\n');
  lines.flush();
  expect(read()).toBe('two\n');
});

test('keeps no more than some megabytes for a reader who takes nothing', () => {
  const { write, read, setRoom } = pipe();
  const lines = createBufferedWriter(2, write);
  setRoom(0);
  const line = `${'x'.repeat(9999)}\n`;
  for (let count = 0; count < 1000; count += 1) lines.write(line);
  setRoom(Infinity);
  lines.flush();
  expect(read().length).toBeGreaterThan(3_000_000);
  expect(read().length).toBeLessThan(4_100_000);
});
