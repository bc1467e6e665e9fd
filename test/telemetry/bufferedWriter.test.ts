import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { createBufferedWriter } from '../../src/telemetry/bufferedWriter.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A pipe with limited room, or whose writes fail. */
function createPipe() {
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

test('a buffered writer writes lines together, after at most 100 ms', () => {
  const { write, read } = createPipe();
  const writer = createBufferedWriter(2, write);
  writer.write('one\n');
  writer.write('two\n');
  expect(read()).toBe('');
  vi.advanceTimersByTime(100);
  expect(read()).toBe('one\ntwo\n');
});

test('a buffered writer continues in order and without a gap when a full pipe has room again', () => {
  const { write, read, setRoom } = createPipe();
  const writer = createBufferedWriter(2, write);
  setRoom(2);
  writer.write('one\n');
  writer.flush();
  expect(read()).toBe('on');
  writer.write('two\n');
  setRoom(Infinity);
  vi.advanceTimersByTime(100);
  expect(read()).toBe('one\ntwo\n');
});

test('a buffered writer drops lines without throwing while the pipe has no reader', () => {
  const { write, read, failWith } = createPipe();
  const writer = createBufferedWriter(2, write);
  failWith('EPIPE');
  writer.write('one\n');
  expect(() => writer.flush()).not.toThrow();
  failWith(null);
  writer.write('two\n');
  writer.flush();
  expect(read()).toBe('two\n');
});

test('a buffered writer buffers at most about 4 MB while the pipe is full', () => {
  const { write, read, setRoom } = createPipe();
  const writer = createBufferedWriter(2, write);
  setRoom(0);
  const line = `${'x'.repeat(9999)}\n`;
  for (let count = 0; count < 1000; count += 1) writer.write(line);
  setRoom(Infinity);
  writer.flush();
  expect(read().length).toBeGreaterThan(3_000_000);
  expect(read().length).toBeLessThan(4_100_000);
});
