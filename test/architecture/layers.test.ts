import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import * as v from 'valibot';
import { beforeAll, describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const reportSchema = v.object({
  diagnostics: v.array(v.object({ filename: v.string(), code: v.string(), message: v.string() })),
});

const importing = (from: string): string => `export { value } from '${from}';\nexport type Value = number;\n`;
const importingType = (from: string): string =>
  `import type { Value as Other } from '${from}';\nexport type Value = Other;\nexport const value = 1;\n`;

/** A small project that keeps some of the rules and breaks others. */
const FILES = {
  'src/lib/sound.ts': 'export const value = 1;\nexport type Value = number;\n',
  'src/data/cache/sound.ts': importing('../../lib/sound.ts'),
  'src/graphql/loaders/sound.ts': importing('../../data/cache/sound.ts'),
  'src/sandbox/webhooks/sound.ts': importing('../../lib/sound.ts'),
  'src/lib/upward.ts': importing('../data/cache/sound.ts'),
  'src/domain/upwardType.ts': importingType('../data/cache/sound.ts'),
  'src/cluster/redis.ts': importing('../data/cache/sound.ts'),
  'src/auth/beside.ts': importing('../live/sound.ts'),
  'src/live/sound.ts': importing('../lib/sound.ts'),
  'src/purge/sound.ts': importing('../realtimekit/sound.ts'),
  'src/realtimekit/sound.ts': importing('../lib/sound.ts'),
  'src/purge/beside.ts': importing('../live/sound.ts'),
  'src/data/purging.ts': importing('../purge/sound.ts'),
  'src/server/production.ts': importing('../sandbox/webhooks/sound.ts'),
  'src/graphql/resolvers/shortcut.ts': importing('../../data/cache/sound.ts'),
  'src/data/typeCycle.ts': importingType('./typeCycleBack.ts'),
  'src/data/typeCycleBack.ts': importingType('./typeCycle.ts'),
  'src/budget/node.ts': "export { readFileSync } from 'node:fs';\n",
  'src/telemetry/pinoLog.ts': "export { readFileSync } from 'node:fs';\n",
};

/** The codes that the linter reports, by file. */
let reported: Record<string, string[]>;

beforeAll(async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'layers-'));
  try {
    await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
    for (const file of ['oxlint.config.ts', 'tsconfig.json', 'package.json'])
      await cp(path.join(ROOT, file), path.join(folder, file));
    for (const [file, text] of Object.entries(FILES)) {
      await mkdir(path.join(folder, path.dirname(file)), { recursive: true });
      await writeFile(path.join(folder, file), text);
    }
    reported = await lint(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function lint(folder: string): Promise<Record<string, string[]>> {
  const oxlint = path.join(ROOT, 'node_modules/oxlint/bin/oxlint');
  const json = await new Promise((resolve) => {
    execFile(process.execPath, [oxlint, '--format=json', 'src'], { cwd: folder }, (_error, stdout) => resolve(stdout));
  });
  const { diagnostics } = v.parse(v.pipe(v.string(), v.parseJson(), reportSchema), json);
  const files = Object.groupBy(diagnostics, ({ filename }) => filename);
  return Object.fromEntries(Object.entries(files).map(([file, found = []]) => [file, found.map(({ code }) => code)]));
}

describe('the linter', () => {
  test.each([
    'src/lib/sound.ts',
    'src/data/cache/sound.ts',
    'src/graphql/loaders/sound.ts',
    'src/sandbox/webhooks/sound.ts',
    'src/purge/sound.ts',
  ])('accepts %s, which imports only from below', (file) => {
    expect(reported[file]).toBeUndefined();
  });

  test.each([
    ['src/lib/upward.ts', 'an import from a higher folder'],
    ['src/domain/upwardType.ts', 'a type import from a higher folder'],
    ['src/cluster/redis.ts', 'an upward import in a Node adapter'],
    ['src/auth/beside.ts', 'an import from a folder beside'],
    ['src/purge/beside.ts', 'an import of subscriptions by what purges caches'],
    ['src/data/purging.ts', 'an import of what purges caches by the data layer, which only reports changes'],
    ['src/server/production.ts', 'an import of the sandbox in production code'],
    ['src/graphql/resolvers/shortcut.ts', 'an import of the data layer past the loaders'],
    ['src/budget/node.ts', "an import of Node's modules in the portable core"],
  ])('reports %s: %s', (file) => {
    expect(reported[file]).toEqual(['eslint(no-restricted-imports)']);
  });

  test("accepts Node's modules in a Node adapter", () => {
    expect(reported['src/telemetry/pinoLog.ts']).toBeUndefined();
  });

  test('reports a cycle that is made of type imports alone', () => {
    expect(reported['src/data/typeCycle.ts']).toEqual(['import(no-cycle)']);
  });
});
