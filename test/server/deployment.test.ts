import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';

import { addressOf, start } from '../support/program.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const dockerfile = read('Dockerfile');
const compose = read('compose.yaml');
const readme = read('README.md');

/** What the first group of each match holds. */
function all(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, found = '']) => found);
}

/** Every variable that the gateway or the sandbox reads. */
const settings = new Set([
  ...all(readme, /^\| `([A-Z][A-Z_]+)`/gm),
  ...all(read('src/sandbox/main.ts'), /process\.env\['(\w+)'\]/g),
  'REDIS_URL',
  'REPLICAS',
]);

describe('the container', () => {
  test('has all that it copies, and nothing else of this folder is sent to its builder', () => {
    const copied = all(dockerfile, /^COPY (?!--from)(.+) \S+$/gm).flatMap((sources) => sources.split(' '));
    const sent = all(read('.dockerignore'), /^!(.+)$/gm);
    expect(new Set(copied)).toEqual(new Set(sent));
    expect(copied.filter((path) => !existsSync(new URL(`../../${path}`, import.meta.url)))).toEqual([]);
    expect(read('.dockerignore')).toMatch(/^\*\n/);
  });

  test('runs what `npm start` runs, on the Node that is pinned, and not as root', () => {
    const [command = ''] = all(dockerfile, /^CMD (.+)$/gm);
    expect(JSON.parse(command)).toEqual(['node', 'src/node.ts']);
    expect(read('package.json')).toContain('"start": "node src/node.ts"');
    const [major] = all(read('package.json'), /"node": "\^(\d+)\./g);
    expect(new Set(all(dockerfile, /^FROM node:(\d+)-/gm))).toEqual(new Set([major]));
    expect(dockerfile).toMatch(/^USER node$/m);
  });

  test('knows by its health check whether the gateway lives', async () => {
    const [check = ''] = all(dockerfile, /^HEALTHCHECK [^]*?CMD (\[.+\])$/gm);
    const words: unknown = JSON.parse(check);
    if (!Array.isArray(words)) throw new Error('Not a list of words');
    const [node, ...args] = words.map(String);
    expect(node).toBe('node');
    const { port } = new URL(await addressOf(start()));
    const run = async (at: string) => promisify(execFile)(process.execPath, args, { env: { PORT: at } });
    await run(port);
    await expect(run('1')).rejects.toMatchObject({ code: 1 });
  });
});

describe('the replicas', () => {
  test('are given only settings that there are', () => {
    const given = all(compose, /^\s+([A-Z][A-Z_]+): /gm);
    expect(given.length).toBeGreaterThan(8);
    expect(given.filter((name) => !settings.has(name))).toEqual([]);
    const [kubernetes = ''] = all(readme, /^```yaml\n(apiVersion: apps[^]*?)^```/gm);
    const named = all(kubernetes, /\{ name: ([A-Z_]+), value/g);
    expect(named.length).toBeGreaterThan(6);
    expect(named.filter((name) => !settings.has(name))).toEqual([]);
  });

  test('may take as long to end as they are told to', () => {
    const [delay = ''] = all(compose, /DRAIN_DELAY_MS: '(\d+)'/g);
    const [grace = ''] = all(compose, /stop_grace_period: (\d+)s/g);
    expect(Number(grace) * 1000).toBeGreaterThan(Number(delay) + 25_000 + 2000);
    const drains = all(readme, /name: DRAIN\w*, value: '(\d+)'/g);
    const [period = ''] = all(readme, /terminationGracePeriodSeconds: (\d+)/g);
    expect(drains).toHaveLength(2);
    expect(Number(period) * 1000).toBeGreaterThan(drains.reduce((sum, drain) => sum + Number(drain), 2000));
  });

  test('let in whoever has the key that the README tells', () => {
    const [key = ''] = all(readme, /127\.0\.0\.1:4000\/graphql -H 'x-api-key: (\S+)'/g);
    expect(key).not.toBe('');
    expect(compose).toContain(`demo ${createHash('sha256').update(key).digest('hex')} livestream:read`);
  });
});
