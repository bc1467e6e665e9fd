import { beforeEach } from 'vitest';

import { explainFailuresOf } from './repeatFailures.ts';

// Vitest runs this file before each test file, but evaluates the modules that it imports only once in each worker.
beforeEach(explainFailuresOf);
