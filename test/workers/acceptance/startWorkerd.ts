import { fileURLToPath } from 'node:url';

import { Miniflare } from 'miniflare';
import { rolldown } from 'rolldown';
import { unstable_getMiniflareWorkerOptions as readConfiguration } from 'wrangler';

const PROGRAM = fileURLToPath(new URL('gatewayWorker.ts', import.meta.url));
const CONFIGURATION = fileURLToPath(new URL('../../../wrangler.jsonc', import.meta.url));

/** Vitest's global setup: runs the Worker of the tests in workerd. Returns a function that stops it. */
export default async function startWorkerd(): Promise<() => Promise<void>> {
  const bundle = await rolldown({
    input: PROGRAM,
    platform: 'browser',
    resolve: { conditionNames: ['workerd', 'worker', 'browser', 'import'] },
  });
  const { output } = await bundle.generate({ format: 'esm', entryFileNames: 'worker.js', chunkFileNames: '[name].js' });
  const modules = output.flatMap((chunk) =>
    chunk.type === 'chunk' ? [{ type: 'ESModule' as const, path: chunk.fileName, contents: chunk.code }] : [],
  );
  // The runtime behaves as it does for the deployed Worker.
  const { compatibilityDate, compatibilityFlags } = readConfiguration(CONFIGURATION).workerOptions;
  const workerd = new Miniflare({
    modules,
    compatibilityDate,
    compatibilityFlags,
    durableObjects: { GATEWAY: { className: 'GatewayObject', useSQLite: true } },
    unsafeDirectSockets: [{}],
  });
  await workerd.ready;
  process.env['WORKERD_URL'] = (await workerd.unsafeGetDirectURL()).origin;
  return () => workerd.dispose();
}
