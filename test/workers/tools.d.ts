/*
 * What the tests use of their tools, which only `npm run test:workers` installs: the check of the types must not need them.
 */

declare module 'miniflare' {
  export interface WorkerOptions {
    [option: string]: unknown;
    name?: string;
    modules: { type: 'ESModule'; path: string; contents: string }[];
    compatibilityDate?: string;
    compatibilityFlags?: string[];
    bindings?: Record<string, unknown>;
    durableObjects?: Record<string, { className: string; useSQLite: boolean; scriptName?: string }>;
    /** Addresses on which the Worker itself listens, without Miniflare between. */
    unsafeDirectSockets?: object[];
  }

  interface SharedOptions {
    /** The folder of the objects' databases. */
    durableObjectsPersist?: string;
    handleStructuredLogs?: (log: { level: string; message: string }) => void;
  }

  /** Runs Workers in workerd. */
  export class Miniflare {
    constructor(options: SharedOptions & (WorkerOptions | { workers: WorkerOptions[] }));
    readonly ready: Promise<URL>;
    /** Starts workerd again. */
    setOptions(options: SharedOptions & (WorkerOptions | { workers: WorkerOptions[] })): Promise<void>;
    unsafeGetDirectURL(worker?: string): Promise<URL>;
    /** Rejects if the object is not in memory. */
    unsafeEvictDurableObject(
      worker: string,
      className: string,
      options: { name: string; webSockets?: 'close' | 'hibernate' },
    ): Promise<void>;
    dispose(): Promise<void>;
  }
}

declare module 'wrangler' {
  /** Miniflare's options for the Worker that a configuration file describes. */
  export function unstable_getMiniflareWorkerOptions(configPath: string): {
    workerOptions: {
      compatibilityDate: string;
      compatibilityFlags: string[];
      bindings: Record<string, unknown>;
    };
  };
}
