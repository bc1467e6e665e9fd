import { onTestFinished } from 'vitest';

const cleanups: (() => unknown)[] = [];

/**
 * Runs `cleanup` after the current test. All cleanups of a test run at the same time, because some wait for each other: a client
 * closes when its last request ends, which the server's end can cause.
 */
export function cleanUpAfterTest(cleanup: () => unknown): void {
  if (cleanups.length === 0)
    onTestFinished(async () => void (await Promise.all(cleanups.splice(0).map((run) => run()))));
  cleanups.push(cleanup);
}
