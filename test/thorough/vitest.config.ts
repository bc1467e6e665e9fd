import { globSync, readFileSync } from 'node:fs';

import { defineConfig } from 'vitest/config';

import project from '../../vitest.config.ts';

/** The tests whose number of cases depends on `runs.ts` or on the setup: they use fast-check, or stories with a seed. */
const files = globSync('test/**/*.test.ts').filter((file) =>
  /from '(fast-check|.*\/support\/runs\.ts)'/.test(readFileSync(file, 'utf8')),
);

export default defineConfig({
  ...project,
  test: { ...project.test, include: files },
});
