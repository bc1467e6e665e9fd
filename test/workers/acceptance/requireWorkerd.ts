import { afterAll, beforeAll } from 'vitest';

import { responseCount } from './remoteGateway.ts';

// No test file may fall back to gateways in this process.
let before = 0;
beforeAll(() => {
  before = responseCount();
});
afterAll(() => {
  if (responseCount() === before) throw new Error('No response to the tests of this file came from workerd.');
});
