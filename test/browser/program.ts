import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Program {
  /** Where it serves, without a path. */
  origin: string;
  stop: () => Promise<void>;
}

/** The real program with its sandbox, as `npm start` runs it, on ports that are free. */
export async function startProgram(): Promise<Program> {
  const env = { PATH: process.env['PATH'], PORT: '0', SANDBOX_PORT: '0' };
  const child = spawn(process.execPath, ['src/node.ts'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const origin = await addressOf(child, child.stdout);
  return {
    origin,
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function addressOf(child: ChildProcess, printed: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of printed) {
    text += chunk.toString();
    const origin = /(http:\/\/\S+)\/graphql\n/.exec(text)?.[1];
    if (origin === undefined) continue;
    return origin;
  }
  throw new Error(`The program ended (${child.exitCode}) without an address: ${text}`);
}
