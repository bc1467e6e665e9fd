/** Whether to test the bundles that `npm run build` writes rather than the source: `npm run test:bundle` sets TEST_BUNDLE=1. */
export const IS_BUNDLED = process.env['TEST_BUNDLE'] === '1';

/** The programs under test, relative to the project's root folder. */
export const PROGRAMS = IS_BUNDLED
  ? { gateway: 'dist/gateway.js', sandbox: 'dist/sandbox.js', webhooks: 'dist/webhooks.js' }
  : { gateway: 'src/start.ts', sandbox: 'src/sandbox/main.ts', webhooks: 'src/cli/webhooks.ts' };
