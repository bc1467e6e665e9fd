import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';

import { Miniflare } from 'miniflare';

import { createSandbox } from '../../../src/sandbox/sandbox.ts';
import { startSandboxServer } from '../../../src/sandbox/server.ts';
import type { SettingsPatch } from '../../../src/sandbox/settings.ts';
import { cleanUpAfterTest } from '../../support/cleanup.ts';
import { freePort } from '../../support/ports.ts';
import { CLASS, FIRST, workerOptions } from './workerOptions.ts';

export interface DeploymentOptions {
  /** The number of isolates in front of the same objects. One by default. */
  isolates?: number;
  /** Settings of the gateway, besides those that name the sandbox and the API key. */
  settings?: Record<string, string>;
  /** The initial settings of the sandbox. */
  sandbox?: SettingsPatch;
}

/** A key with all scopes. */
export const API_KEY = 'key-of-the-tests';
const KEY_HASH = '0db0cfa9c68ac89c105d4e21f5081f11c9e99114313652db9aeb5aed1bb6e71d';

const SETTINGS = {
  CLOUDFLARE_ACCOUNT_ID: 'acc-0a7f',
  REALTIMEKIT_APP_ID: 'app-11d2',
  CLOUDFLARE_API_TOKEN: 'tok-5e.cret',
  AUTH: 'api-key',
  API_KEYS: `tests ${KEY_HASH} livestream:read livestream:write livestream:secret`,
};

export type Deployment = Awaited<ReturnType<typeof deploy>>;

/** Deploys the Worker to workerd, with a sandbox as its upstream, until the test ends. */
export async function deploy({ isolates = 1, settings = {}, sandbox: initial = {} }: DeploymentOptions = {}) {
  const sandbox = createSandbox({ settings: initial });
  const server = await startSandboxServer({ port: 0, sandbox });
  const bindings = { ...SETTINGS, CLOUDFLARE_BASE_URL: server.url, WEBHOOK_KEY_URL: server.keyUrl, ...settings };
  const names = Array.from({ length: isolates }, (_, index) => `isolate-${index}`);
  const logs: string[] = [];
  const folder = await mkdtemp(`${tmpdir()}/workers-`);
  const ports = await Promise.all(names.map(async () => freePort()));
  const origins = ports.map((port) => `http://127.0.0.1:${port}`);
  const options = {
    workers: names.map((name, index) => workerOptions(name, { bindings, port: ports[index] ?? 0 })),
    durableObjectsPersist: folder,
    handleStructuredLogs: ({ message }: { message: string }): void => void logs.push(message),
  };
  const workerd = new Miniflare(options);
  cleanUpAfterTest(async () => {
    await workerd.dispose();
    await Promise.all([server.close(), rm(folder, { recursive: true })]);
  });
  await workerd.ready;

  return {
    sandbox,
    /** What the Worker and its objects have logged. */
    logs,
    /** The origin of each isolate. */
    origins,
    /** Removes an object that has nothing to do from memory. */
    evict: async (name = 'gateway', webSockets: 'close' | 'hibernate' = 'close'): Promise<void> =>
      workerd.unsafeEvictDurableObject(FIRST, CLASS, { name, webSockets }),
    /** Ends the isolates and the objects, whatever they are doing, and starts them again with what was written to disk. */
    crash: async (): Promise<void> => {
      await workerd.setOptions(options);
    },
    upstreamRequests: () => sandbox.requests().requests.map(({ method, route }) => `${method} ${route}`),
    /** Registers the first isolate for the sandbox's webhooks. */
    registerWebhook: async (): Promise<void> => {
      const app = `${server.url}/accounts/${SETTINGS.CLOUDFLARE_ACCOUNT_ID}/realtime/kit/${SETTINGS.REALTIMEKIT_APP_ID}`;
      const url = `${origins[0]}/webhooks/realtimekit`;
      const { status } = await fetch(`${app}/webhooks`, {
        method: 'POST',
        headers: { authorization: 'Bearer another', 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'All', url, events: ['livestreaming.statusUpdate', 'meeting.ended'] }),
      });
      if (status !== 200 && status !== 201) throw new Error(`The webhook was not registered: ${status}`);
    },
    /** Posts an operation to an isolate. */
    query: async (query: string, { isolate = 0, headers = {}, variables = {} }: QueryOptions = {}) => {
      const response = await fetch(`${origins[isolate]}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': API_KEY, ...headers },
        body: JSON.stringify({ query, variables }),
      });
      const body: unknown = await response.json();
      return { status: response.status, headers: response.headers, body };
    },
  };
}

interface QueryOptions {
  isolate?: number;
  headers?: Record<string, string>;
  variables?: Record<string, unknown>;
}
