import { globSync, readFileSync } from 'node:fs';

import { defineConfig } from 'vitest/config';

import project from '../../vitest.config.ts';

process.env['TEST_BUNDLE'] = '1';

/** The test files that start programs. */
const files = globSync('test/**/*.test.ts', { exclude: ['**/node_modules/**'] }).filter((file) =>
  /\/support\/programs?\.ts'/.test(readFileSync(file, 'utf8')),
);

export default defineConfig({
  ...project,
  test: { ...project.test, include: files },
});
