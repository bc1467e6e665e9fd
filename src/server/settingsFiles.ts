import { readFileSync, statSync, watchFile } from 'node:fs';

import type { Log } from '../lib/log.ts';

/** How often to look for changes. A changed file is read once it has not changed for as long again: its writer may not be finished. */
const INTERVAL_MS = 1000;

/** Reads the files that settings name, when the program starts and when they change. */
export function createSettingsFiles() {
  /** The text of each file when it was last read; null if it could not be read. */
  const texts = new Map<string, string | null>();
  const reloads: (() => void)[] = [];

  /** Returns the text of a file; throws if the file cannot be read. */
  function read(path: string): string {
    texts.set(path, null);
    const text = readFileSync(path, 'utf8');
    texts.set(path, text);
    return text;
  }

  /**
   * Calls `reload`, which must `read` the file: after SIGHUP, and about two seconds after the file has changed. If `reload` throws, logs
   * why. What has been read from a pipe cannot be read again: it is never reloaded.
   */
  function onChange(path: string, log: Log, reload: () => void): void {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) return;
    const reloadAndLog = (): void => {
      try {
        reload();
        log('info', 'Reloaded a file.', { path });
      } catch (error) {
        log('error', 'Cannot reload a file. What it contained before stays in use.', { path, error: String(error) });
      }
    };
    const reloadIfChanged = (): void => {
      if (readIfPossible(path) !== texts.get(path)) reloadAndLog();
    };
    let timer: NodeJS.Timeout | undefined;
    // Compares what `stat` returns, and so notices when the file, or a symbolic link on its path, is replaced.
    watchFile(path, { interval: INTERVAL_MS, persistent: false }, () => {
      clearTimeout(timer);
      timer = setTimeout(reloadIfChanged, INTERVAL_MS).unref();
    });
    reloads.push(reloadAndLog);
    // The file may have changed since it was read.
    reloadIfChanged();
  }

  /** From now on, SIGHUP reloads the files. Without any, it has no effect, unless a terminal sends it because the terminal is closed. */
  function reloadOnHangup(log: Log): void {
    if (reloads.length === 0 && process.stdin.isTTY) return;
    process.on('SIGHUP', () => {
      if (reloads.length === 0) log('info', 'SIGHUP has no effect: there is no file to reload.');
      for (const reload of reloads) reload();
    });
  }

  return { read, onChange, reloadOnHangup };
}

function readIfPossible(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
