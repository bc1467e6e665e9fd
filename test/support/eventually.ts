import { vi } from 'vitest';

/**
 * Repeats `check` until it throws nothing. For events that no fake clock drives, such as a message over a socket. Gives up
 * after 10 s, so that a busy machine fails no test.
 */
export async function eventually(check: () => void | Promise<void>): Promise<void> {
  await vi.waitFor(check, { timeout: 10_000, interval: 2 });
}
