import type { Fault } from './faults.ts';
import { InputError } from './input.ts';
import type { RequestReport } from './requestLog.ts';
import type { ExampleIds } from './exampleIds.ts';
import type { SandboxSettings } from './settings.ts';
import type { DeliveryReport } from './webhooks/deliveryLog.ts';

/** The state of the sandbox. */
export interface Overview {
  settings: SandboxSettings;
  faults: Fault[];
  /** `now` is ISO 8601. */
  clock: { now: string; running: boolean };
  exampleIds: ExampleIds;
  counts: { meetings: number; livestreams: number; byStatus: Record<string, number> };
}

/** The functions of the control API. They throw an `InputError`, which names the invalid key, and change nothing then. */
export interface Controls {
  overview(): Overview;
  /** Merges a patch into the settings, and returns the result. */
  configure(patch: unknown): SandboxSettings;
  /** Replaces the list of faults. */
  setFaults(faults: unknown): void;
  setClock(change: unknown): void;
  requests(): RequestReport;
  clearRequests(): void;
  /** Triggers a change that is not caused by an API request. */
  trigger(event: unknown): void;
  /** The deliveries to webhooks, with their outcomes. */
  deliveries(): DeliveryReport;
  clearDeliveries(): void;
  /** Replaces the key that signs deliveries. */
  rotateKey(): void;
  /** Restores the initial state: the seed and the initial settings, without faults, webhooks, logs and used quota, with a running clock. */
  reset(): void;
}

/** Handles a control request, and returns what is sent as JSON. */
type Action = (controls: Controls, body: () => Promise<unknown>) => unknown;

const ACTIONS: Record<string, Action> = {
  'GET /__sandbox': (controls) => controls.overview(),
  'PUT /__sandbox/settings': async (controls, body) => controls.configure(await body()),
  'PUT /__sandbox/faults': async (controls, body) => {
    controls.setFaults(await body());
    return controls.overview().faults;
  },
  'PUT /__sandbox/clock': async (controls, body) => {
    controls.setClock(await body());
    return controls.overview().clock;
  },
  'GET /__sandbox/requests': (controls) => controls.requests(),
  'DELETE /__sandbox/requests': (controls) => {
    controls.clearRequests();
    return controls.requests();
  },
  'POST /__sandbox/events': async (controls, body) => {
    controls.trigger(await body());
    return controls.overview().counts;
  },
  'GET /__sandbox/deliveries': (controls) => controls.deliveries(),
  'DELETE /__sandbox/deliveries': (controls) => {
    controls.clearDeliveries();
    return controls.deliveries();
  },
  'POST /__sandbox/webhook-key': (controls) => {
    controls.rotateKey();
    return { rotated: true };
  },
  'POST /__sandbox/reset': (controls) => {
    controls.reset();
    return controls.overview();
  },
};

/** Whether a path belongs to the control API, not to the simulated API. */
export function isControlPath(pathname: string): boolean {
  return pathname === '/__sandbox' || pathname.startsWith('/__sandbox/');
}

/** Handles a request to the control API, which uses JSON and needs no credential. */
export async function handleControlRequest(request: Request, pathname: string, controls: Controls): Promise<Response> {
  const action = ACTIONS[`${request.method} ${pathname}`];
  if (action === undefined) {
    return Response.json(
      { error: `No such route. The control API has: ${Object.keys(ACTIONS).join(', ')}` },
      { status: 404 },
    );
  }
  try {
    return Response.json(await action(controls, () => readJson(request)));
  } catch (error) {
    if (error instanceof InputError) return Response.json({ error: error.message }, { status: 400 });
    throw error;
  }
}

async function readJson(request: Request): Promise<unknown> {
  try {
    return await request.json();
  } catch {
    throw new InputError('The body must be JSON');
  }
}
