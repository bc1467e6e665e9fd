import * as fc from 'fast-check';
import { pino } from 'pino';
import { expect, test, vi } from 'vitest';

import { createConsoleLog } from '../../src/telemetry/consoleLog.ts';

const LEVELS = ['info', 'warn', 'error'] as const;

/** Records what is written to the console: the method and its arguments. */
function recordConsole(): unknown[][] {
  const calls: unknown[][] = [];
  for (const level of LEVELS)
    vi.spyOn(console, level).mockImplementation((...texts: unknown[]) => void calls.push([level, ...texts]));
  return calls;
}

test('the console log writes each event as one line of JSON, with the method of its level', () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 15, 12) });
  const calls = recordConsole();
  const log = createConsoleLog('info');
  log('info', 'Operation completed.', { operation: null, code: 'OK', status: undefined });
  log('warn', 'Redis is unavailable.');
  log('error', 'Unexpected error.', { error: 'two\nlines' });
  vi.useRealTimers();
  expect(calls).toEqual([
    [
      'info',
      '{"level":"info","time":"2026-01-15T12:00:00.000Z","operation":null,"code":"OK","msg":"Operation completed."}',
    ],
    ['warn', '{"level":"warn","time":"2026-01-15T12:00:00.000Z","msg":"Redis is unavailable."}'],
    [
      'error',
      String.raw`{"level":"error","time":"2026-01-15T12:00:00.000Z","error":"two\nlines","msg":"Unexpected error."}`,
    ],
  ]);
});

test.each([
  ['info', ['info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['error', ['error']],
  ['silent', []],
] as const)('a console log with the threshold %s writes the levels %o', (threshold, written) => {
  const calls = recordConsole();
  const log = createConsoleLog(threshold);
  for (const level of LEVELS) log(level, 'An event.');
  expect(calls.map(([level]) => level)).toEqual(written);
  expect(LEVELS.filter((level) => log.isEnabled?.(level))).toEqual(written);
});

test('the console log writes the lines that pino writes on Node.js', () => {
  const calls = recordConsole();
  const lines: string[] = [];
  const logger = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => void lines.push(line) },
  );
  const log = createConsoleLog('info');
  const name = fc
    .stringMatching(/^[a-z][A-Za-z]{0,9}$/)
    .filter((text) => !['level', 'time', 'msg', 'err'].includes(text));
  const value = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.array(fc.string()),
  );
  vi.useFakeTimers({ now: 0 });
  try {
    fc.assert(
      fc.property(fc.constantFrom(...LEVELS), fc.string(), fc.dictionary(name, value), (level, message, fields) => {
        log(level, message, fields);
        logger[level](fields, message);
        expect(`${String(calls.at(-1)?.[1])}\n`).toBe(lines.at(-1));
      }),
    );
  } finally {
    vi.useRealTimers();
  }
});
