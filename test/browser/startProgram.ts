import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { PROGRAMS } from '../support/programs.ts';

/** Debian's Chromium, without background requests to Google. */
export const CHROMIUM = {
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

export interface Program {
  /** The URL of the GraphQL endpoint. */
  address: string;
  /** The origin of the sandbox. */
  sandbox: string;
  end: () => Promise<unknown>;
}

/** Starts the real program with its sandbox, on free ports. */
export async function startProgram(settings: Record<string, string> = {}): Promise<Program> {
  const env = { ...process.env, ...settings, PORT: '0', SANDBOX_PORT: '0' };
  const child = spawn(process.execPath, [PROGRAMS.gateway], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const [banner] = await once(child.stdout, 'data').then((chunks) => chunks.map(String));
  const address = /http:\S+/.exec(banner ?? '')?.[0] ?? '';
  const sandbox = /the sandbox at (\S+)\/client\/v4/.exec(banner ?? '')?.[1] ?? '';
  const exited = once(child, 'exit');
  const end = async (): Promise<unknown> => {
    child.kill('SIGTERM');
    return exited;
  };
  return { address, sandbox, end };
}
