import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { blocksOf } from '../docs/markdown.ts';
import { freePort } from '../support/ports.ts';

export type ProxyName = 'nginx' | 'haproxy';

/** Debian's paths, unless environment variables name others. */
const PROGRAMS: Record<ProxyName, string> = {
  nginx: process.env['NGINX_PATH'] ?? '/usr/sbin/nginx',
  haproxy: process.env['HAPROXY_PATH'] ?? '/usr/sbin/haproxy',
};

/** The proxy is missing. The message says how to install it. */
export class ProxyNotInstalledError extends Error {
  override readonly name = 'ProxyNotInstalledError';

  constructor(proxy: ProxyName, program: string) {
    super(`${program} does not exist. Install ${proxy}, or set ${proxy.toUpperCase()}_PATH to its path.`);
  }
}

/** A proxy on a port of its own. */
export interface Proxy {
  /** `127.0.0.1` and the port. */
  host: string;
  end(): Promise<void>;
}

/** The configuration in docs/deployment.md; `nginx caching` is the one with a cache. */
export function documentedConfig(name: ProxyName | 'nginx caching'): string {
  const block = blocksOf('docs/deployment.md').find(({ kind }) => kind === name);
  if (block === undefined) throw new Error(`docs/deployment.md contains no configuration for ${name}.`);
  return block.code;
}

/**
 * Starts a proxy whose configuration is `config`, in which it replaces the addresses of gateway and proxy, and the paths of the
 * certificate and of the cache.
 */
export async function startProxy(name: ProxyName, config: string, gatewayHost: string): Promise<Proxy> {
  const program = PROGRAMS[name];
  if (!existsSync(program)) throw new ProxyNotInstalledError(name, program);
  const folder = await mkdtemp(path.join(tmpdir(), `${name}-`));
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const tls = fileURLToPath(new URL('../support/tls', import.meta.url));
  const pem = await Promise.all(['cert.pem', 'key.pem'].map(async (file) => readFile(path.join(tls, file), 'utf8')));
  await writeFile(path.join(folder, 'tls.pem'), pem.join(''));
  const replaced = config
    .replaceAll('127.0.0.1:4000', gatewayHost)
    .replaceAll(/(listen |bind )[^\s;]+/g, `$1${host}`)
    .replaceAll('/etc/nginx/tls', tls)
    .replaceAll('/var/cache/nginx', folder)
    .replaceAll('/etc/haproxy', folder);
  const file = path.join(folder, 'proxy.conf');
  await writeFile(file, name === 'nginx' ? asMainConfig(replaced, folder) : replaced);
  const args = name === 'nginx' ? ['-p', folder, '-e', 'stderr', '-c', file] : ['-db', '-f', file];
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await waitUntilListening(child, port);
  if (child.exitCode !== null) throw new Error(`${name} exited with code ${child.exitCode}.`);
  return {
    host,
    async end() {
      await kill(child);
      await rm(folder, { recursive: true });
    },
  };
}

const START_TIMEOUT_MS = 10_000;

/** Resolves when the program accepts connections, or has exited. */
async function waitUntilListening(child: ChildProcess, port: number): Promise<void> {
  const endsAt = performance.now() + START_TIMEOUT_MS;
  while (child.exitCode === null) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    if (performance.now() > endsAt) throw new Error(`Nothing listens on port ${port}.`);
    await wait(5);
  }
}

/** Debian includes files such as the documented one in a main configuration. This one needs no privileges and writes no log. */
function asMainConfig(config: string, folder: string): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((use) => `${use}_temp_path ${folder}/${use};`);
  return `daemon off; master_process off; pid ${folder}/pid; events {}
    http { access_log off; ${paths.join(' ')}\n${config}\n}`;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
