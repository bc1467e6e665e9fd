import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { expect, test } from 'vitest';

import { cleanUpAfterTest } from '../support/cleanup.ts';

/** How each tool is run, and what it generates. */
const TOOLS: [folder: string, command: string, args: string[], generated: string][] = [
  ['relay', 'relay-compiler', ['--output', 'quiet-with-errors'], '__generated__/*.ts'],
  ['gql-tada', 'gql.tada', ['generate-output'], 'generated/graphql-env.d.ts'],
  ['apollo', 'graphql-codegen', ['--silent'], 'generated/*'],
  ['urql', 'graphql-codegen', ['--silent'], 'generated/*'],
  ['fetch', 'graphql-codegen', ['--silent'], 'generated/*'],
];

const schema = execFileSync('npm', ['run', '--silent', 'schema'], { encoding: 'utf8' });

/** The contents of the generated files by their paths. */
function readGenerated(folder: string, pattern: string): Map<string, string> {
  const files = globSync(pattern, { cwd: folder }).toSorted();
  return new Map(files.map((file) => [file, readFileSync(path.join(folder, file), 'utf8')]));
}

test.each(TOOLS)(
  'in %s, %s generates the same from what `npm run schema` prints as from what a gateway serves',
  (folder, command, args, pattern) => {
    const original = path.join(import.meta.dirname, folder);
    const copy = mkdtempSync(path.join(import.meta.dirname, 'copy-'));
    cleanUpAfterTest(() => rmSync(copy, { recursive: true }));
    cpSync(original, copy, { recursive: true, filter: (file) => !/\.test\.tsx?$/.test(file) });
    for (const file of globSync(pattern, { cwd: copy })) rmSync(path.join(copy, file));
    writeFileSync(path.join(copy, 'schema.graphql'), schema);
    const tool = path.join(import.meta.dirname, 'node_modules/.bin', command);
    execFileSync(tool, args, { cwd: copy });
    const expected = readGenerated(original, pattern);
    expect(expected.size).toBeGreaterThan(0);
    expect(readGenerated(copy, pattern)).toEqual(expected);
  },
);
