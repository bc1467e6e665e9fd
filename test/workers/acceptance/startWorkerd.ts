import { fileURLToPath } from 'node:url';

import { Miniflare } from 'miniflare';
import { rolldown } from 'rolldown';

const PROGRAM = fileURLToPath(new URL('gatewayWorker.ts', import.meta.url));

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
  const workerd = new Miniflare({
    modules,
    compatibilityDate: '2026-07-30',
    compatibilityFlags: ['enable_request_signal', 'request_signal_passthrough'],
    durableObjects: { GATEWAY: { className: 'GatewayObject', useSQLite: true } },
    unsafeDirectSockets: [{}],
  });
  await workerd.ready;
  process.env['WORKERD_URL'] = (await workerd.unsafeGetDirectURL()).origin;
  return () => workerd.dispose();
}
