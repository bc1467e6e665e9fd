import { type Clock, systemClock } from '../lib/clock.ts';
import { ApiError, toResponse, errorResponse } from './responses.ts';
import { type Controls, type Overview, handleControlRequest, isControlPath } from './control.ts';
import { type Fault, FaultList, parseFaults } from './faults.ts';
import { type SandboxEvent, triggerEvent } from './events.ts';
import { Quota, type QuotaResult } from './quota.ts';
import { createRandom } from './random.ts';
import { JsonWriter } from './responseFormats.ts';
import { RequestLog, createLogEntry } from './requestLog.ts';
import { WEBHOOK_KEY_PATH, type Match, matchRoute } from './router.ts';
import { type ExampleIds, pickExampleIds } from './exampleIds.ts';
import { type ClockChange, SandboxClock } from './sandboxClock.ts';
import { seedWorld } from './seed.ts';
import { DEFAULT_SETTINGS, type SandboxSettings, type SettingsPatch, mergeSettings } from './settings.ts';
import { REDIRECT_TRAP, delay, injectFault } from './injectFault.ts';
import type { Deliver } from './webhooks/sender.ts';
import { WebhookNotifier } from './webhooks/webhookNotifier.ts';
import { World } from './world.ts';

/** A simulated RealtimeKit REST API, with a control API that makes it misbehave. */
export interface Sandbox extends Controls {
  /** Handles a request to the API or to the control API. Rejects if the connection must close without a response. */
  fetch(request: Request): Promise<Response>;
  /** Ids of objects in typical states; the same at every start. */
  readonly exampleIds: ExampleIds;
  configure(patch: SettingsPatch): SandboxSettings;
  setFaults(faults: readonly Fault[]): void;
  setClock(change: ClockChange): void;
  trigger(event: SandboxEvent): void;
  /** Cancels all deliveries and timers, and removes the webhooks. */
  close(): void;
}

export interface SandboxOptions {
  clock?: Clock;
  settings?: SettingsPatch;
  /** Sends the requests to webhooks; `fetch` by default. */
  deliver?: Deliver;
}

/** An arbitrary 32-bit number. It determines all ids and names. */
const SEED = 20_260_115;

/** Creates a sandbox. Its timers run on `clock`; its time is that of `clock` until `setClock` changes it. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const { clock: base = systemClock, deliver = fetch } = options;
  const initialSettings = mergeSettings(DEFAULT_SETTINGS, options.settings ?? {});
  const clock = new SandboxClock(base);
  const faults = new FaultList();
  const quota = new Quota();
  const log = new RequestLog();
  let settings = initialSettings;
  let { world, exampleIds } = createWorld(clock);
  let responseCount = 0;
  const webhooks = new WebhookNotifier({ clock, base, deliver, world: () => world, settings: () => settings });

  const controls: Controls = {
    overview: () => ({
      settings,
      faults: faults.list(),
      clock: { now: new Date(clock.now()).toISOString(), running: clock.running },
      exampleIds,
      counts: countsOf(world),
    }),
    configure(patch) {
      settings = mergeSettings(settings, patch);
      return settings;
    },
    setFaults: (list) => faults.replace(parseFaults(list)),
    setClock(change) {
      clock.set(change);
      webhooks.checkForChanges();
    },
    requests: () => log.report(),
    clearRequests: () => log.clear(),
    trigger: (event) => triggerEvent(event, world, webhooks),
    deliveries: () => webhooks.sender.report(),
    clearDeliveries: () => webhooks.sender.clear(),
    rotateKey: () => webhooks.key.rotate(),
    reset() {
      webhooks.stop();
      settings = initialSettings;
      clock.reset();
      faults.replace([]);
      quota.reset();
      log.clear();
      ({ world, exampleIds } = createWorld(clock));
    },
  };

  /** Handles a request to the simulated API, with the quota, faults and latency. */
  async function handleApiRequest(request: Request, url: URL): Promise<Response> {
    const match = matchRoute(request.method, url.pathname);
    const route = url.pathname === REDIRECT_TRAP ? REDIRECT_TRAP : (match.endpoint?.template ?? 'unknown');
    const body = await request.text();
    const finish = log.add(createLogEntry(request.method, route, url, body, clock.now()));
    try {
      const token = /^Bearer +(\S.*)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
      const quotaResult = quota.count(token ?? '', clock.now(), settings.quota);
      const carryOut = () => callEndpoint(match, url, body);
      const rejection = route === REDIRECT_TRAP ? Response.json({ success: true }) : rejectionOf(token, quotaResult);
      if (rejection?.status === 429) log.countRejected();
      const fault = rejection === undefined ? faults.match(request.method, route) : undefined;
      const faulty = fault === undefined ? undefined : await injectFault(fault, carryOut, base, request.signal);
      const response = rejection ?? faulty ?? carryOut();
      await delay(base, settings.latencyMs, request.signal);
      return withVendorHeaders(response, quotaResult);
    } finally {
      finish();
    }
  }

  function callEndpoint(match: Match, url: URL, body: string): Response {
    if (match.endpoint === undefined) return errorResponse(match.status, 7003, 'Could not route the request', 'errors');
    try {
      const { endpoint, ...ids } = match;
      const writer = new JsonWriter(world, settings.responseFormats, endpoint.types);
      const call = { ...ids, query: url.searchParams, body, world, webhooks: webhooks.registry, settings, writer };
      const response = toResponse(endpoint.handle(call), settings.responseFormats);
      if (endpoint.method !== 'GET') webhooks.checkForChanges();
      return response;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return errorResponse(error.status, error.code, error.message, settings.responseFormats.errors);
    }
  }

  /** Handles a request for the webhooks' public key. The real API has the key on another host, without a token and a quota. */
  async function handleKeyRequest(request: Request, url: URL): Promise<Response> {
    const finish = log.add(createLogEntry(request.method, WEBHOOK_KEY_PATH, url, '', clock.now()));
    try {
      const data = { publicKey: await webhooks.key.publicPem() };
      const keyResponse = Response.json({ success: true, data, message: '' });
      const fault = faults.match(request.method, WEBHOOK_KEY_PATH);
      const response =
        fault === undefined ? keyResponse : await injectFault(fault, () => keyResponse, base, request.signal);
      await delay(base, settings.latencyMs, request.signal);
      return response;
    } finally {
      finish();
    }
  }

  /** Adds the headers that Cloudflare sends: date, ray and rate limits. */
  function withVendorHeaders(response: Response, quotaResult: QuotaResult): Response {
    responseCount += 1;
    response.headers.set('date', new Date(clock.now()).toUTCString());
    response.headers.set('cf-ray', `${(0x8f3a_0000_0000 + responseCount).toString(16).padEnd(16, '0')}-LIS`);
    for (const [name, value] of Object.entries(quotaResult.headers)) response.headers.set(name, value);
    return response;
  }

  return {
    ...controls,
    exampleIds,
    close: () => webhooks.stop(),
    fetch(request) {
      const url = new URL(request.url);
      if (url.pathname === WEBHOOK_KEY_PATH) return handleKeyRequest(request, url);
      const isControl = isControlPath(url.pathname) && url.pathname !== REDIRECT_TRAP;
      return isControl ? handleControlRequest(request, url.pathname, controls) : handleApiRequest(request, url);
    },
  };
}

function createWorld(clock: SandboxClock): { world: World; exampleIds: ExampleIds } {
  const random = createRandom(SEED);
  const seed = seedWorld(clock.now(), random);
  const world = new World(() => clock.now(), random, seed);
  return { world, exampleIds: pickExampleIds(seed, world) };
}

/** The rejection of a request by Cloudflare's general API layer, before the request reaches RealtimeKit; undefined if it passes. */
function rejectionOf(token: string | undefined, { retryAfterSeconds }: QuotaResult): Response | undefined {
  if (token === undefined) return errorResponse(401, 10_000, 'Authentication error', 'errors');
  if (retryAfterSeconds === undefined) return undefined;
  const message = 'Please wait and consider throttling your request speed';
  const response = errorResponse(429, 971, message, 'errors');
  response.headers.set('retry-after', String(retryAfterSeconds));
  return response;
}

function countsOf(world: World): Overview['counts'] {
  const byStatus: Record<string, number> = {};
  for (const livestream of world.livestreams()) {
    const status = world.statusOf(livestream);
    byStatus[status] = (byStatus[status] ?? 0) + 1;
  }
  return { meetings: world.meetings().length, livestreams: world.livestreams().length, byStatus };
}
