import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

import { readConfig } from '../../src/config/index.ts';
import { hashOf } from '../support/hashOf.ts';
import { listeningAddress, startProgram } from '../support/program.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const dockerfile = read('Dockerfile');
const compose = read('compose.yaml');
const deployment = read('docs/deployment.md');

/** The first capturing group of each match. */
function captureAll(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, found = '']) => found);
}

/** The environment variables of the gateway and the sandbox. */
const settings = new Set([
  ...captureAll(read('docs/configuration.md'), /^\| `([A-Z][A-Z_]+)`/gm),
  ...captureAll(read('src/sandbox/main.ts'), /process\.env\['(\w+)'\]/g),
  'REDIS_URL',
  'REPLICAS',
]);

describe('the container image', () => {
  const [check = ''] = captureAll(dockerfile, /^HEALTHCHECK [^]*?CMD (\[.+\])$/gm);
  const command: unknown = JSON.parse(check);
  const healthCheck = Array.isArray(command) ? command.map(String) : [];

  test('copies only files that exist, and .dockerignore excludes everything else', () => {
    const copied = captureAll(dockerfile, /^COPY (?!--from)(.+) \S+$/gm).flatMap((sources) => sources.split(' '));
    const sent = captureAll(read('.dockerignore'), /^!(.+)$/gm);
    expect(new Set(copied)).toEqual(new Set(sent));
    expect(copied.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([]);
    expect(read('.dockerignore')).toMatch(/^\*\n/);
  });

  test('builds the bundle and runs it, on the pinned major version of Node, and not as root', () => {
    expect(dockerfile).toMatch(/^RUN npm run build$/m);
    const [command = ''] = captureAll(dockerfile, /^CMD (.+)$/gm);
    expect(JSON.parse(command)).toEqual(['node', 'dist/gateway.js']);
    const [sandbox = ''] = captureAll(compose, /^ {4}command: \[node, (.+)\]$/gm);
    const bundles = captureAll(read('rolldown.config.ts'), /bundle\('(\w+)', '/g);
    expect(bundles.map((name) => `dist/${name}.js`)).toEqual(expect.arrayContaining(['dist/gateway.js', sandbox]));
    const [major] = captureAll(read('package.json'), /"node": "\^(\d+)\./g);
    expect(new Set(captureAll(dockerfile, /^FROM node:(\d+)-/gm))).toEqual(new Set([major]));
    expect(dockerfile).toMatch(/^USER node$/m);
  });

  test('has a health check that succeeds while the gateway runs, and fails otherwise', async () => {
    const [node, ...args] = healthCheck;
    expect(node).toBe('node');
    const { port } = new URL(await listeningAddress(startProgram()));
    const runCheck = async (port: string) => promisify(execFile)(process.execPath, args, { env: { PORT: port } });
    await runCheck(port);
    await runCheck(` ${port} `);
    await expect(runCheck('1')).rejects.toMatchObject({ code: 1 });
  });

  test.each(['', ' '])(
    'has a health check that uses the default port, as the gateway does, if PORT is %j',
    async (PORT) => {
      const printUrl = 'globalThis.fetch = async (url) => { console.log(url); return { ok: true }; };';
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', printUrl + healthCheck.at(-1)], {
        env: { PORT },
      });
      expect(stdout).toBe('http://127.0.0.1:4000/health\n');
    },
  );
});

describe('the example deployments with replicas', () => {
  test('set only environment variables that exist', () => {
    const given = captureAll(compose, /^\s+([A-Z][A-Z_]+): /gm);
    expect(given.length).toBeGreaterThan(8);
    expect(given.filter((name) => !settings.has(name))).toEqual([]);
    const [kubernetes = ''] = captureAll(deployment, /^```yaml\n(apiVersion: [^]*?)^```/gm);
    const named = captureAll(kubernetes, /\{ name: ([A-Z_]+), value:/g);
    expect(named.length).toBeGreaterThan(6);
    expect(named.filter((name) => !settings.has(name))).toEqual([]);
  });

  test('have a grace period that is longer than a graceful shutdown', () => {
    const [delay = ''] = captureAll(compose, /DRAIN_DELAY_MS: '(\d+)'/g);
    const [grace = ''] = captureAll(compose, /stop_grace_period: (\d+)s/g);
    expect(Number(grace) * 1000).toBeGreaterThan(Number(delay) + 25_000 + 2000);
    const drains = captureAll(deployment, /name: DRAIN\w*, value: '(\d+)'/g);
    const [period = ''] = captureAll(deployment, /terminationGracePeriodSeconds: (\d+)/g);
    expect(drains).toHaveLength(2);
    expect(Number(period) * 1000).toBeGreaterThan(drains.reduce((sum, drain) => sum + Number(drain), 2000));
  });

  test('close idle connections before the gateway does', () => {
    const [seconds = ''] = captureAll(compose, /^\s+keepalive (\d+)s$/gm);
    const { keepAliveTimeoutMs } = readConfig({}, () => '');
    expect(Number(seconds) * 1000).toBeGreaterThan(0);
    expect(Number(seconds) * 1000).toBeLessThan(keepAliveTimeoutMs);
  });

  test('accept the API key in the documentation', () => {
    const [key = ''] = captureAll(deployment, /127\.0\.0\.1:4000\/graphql -H 'x-api-key: (\S+)'/g);
    expect(key).not.toBe('');
    expect(compose).toContain(`demo ${hashOf(key)} livestream:read`);
  });
});
