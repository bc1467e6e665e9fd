import { globSync, readFileSync } from 'node:fs';

import { defineConfig } from 'vitest/config';

import project from '../../vitest.config.ts';

/** The test files whose number of cases `test/support/runs.ts` decides: with fast-check or with seeded scenarios. */
const files = globSync('test/**/*.test.ts').filter((file) =>
  /from '(fast-check|.*\/support\/runs\.ts)'/.test(readFileSync(file, 'utf8')),
);

export default defineConfig({
  ...project,
  test: { ...project.test, include: files },
});
