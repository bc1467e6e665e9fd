import { fileURLToPath } from 'node:url';

import type { WorkerOptions } from 'miniflare';
import { unstable_getMiniflareWorkerOptions as readWranglerConfig } from 'wrangler';

import { readBundle } from './bundle.ts';

const CONFIG = fileURLToPath(new URL('../../../wrangler.jsonc', import.meta.url));
/** The Worker that has the objects. */
export const FIRST = 'isolate-0';
export const CLASS = 'GatewayObject';

interface Settings {
  bindings: Record<string, string>;
  /** The port of the Worker; any that is free by default. */
  port?: number;
  /** By default the one that is deployed. */
  script?: string;
}

/** A Worker as wrangler.jsonc describes it, with the objects of the first one. */
export function workerOptions(name: string, { bindings, port = 0, script = readBundle() }: Settings): WorkerOptions {
  const { workerOptions: configured } = readWranglerConfig(CONFIG);
  const scriptName = name === FIRST ? {} : { scriptName: FIRST };
  return {
    modules: [{ type: 'ESModule', path: 'worker.js', contents: script }],
    ...configured,
    name,
    bindings: { ...configured.bindings, ...bindings },
    durableObjects: { GATEWAY: { className: CLASS, useSQLite: true, ...scriptName } },
    unsafeDirectSockets: [{ port }],
  };
}
