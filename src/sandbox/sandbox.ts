import { type Clock, systemClock } from '../lib/clock.ts';
import { sleep } from '../lib/timeout.ts';
import { callEndpoint, cloudflareError } from './responses.ts';
import { type ControlActions, handleControlRequest, isControlPath } from './control.ts';
import { type Fault, FaultList } from './faults.ts';
import { type SandboxEvent, triggerEvent } from './events.ts';
import { parseJson } from './input.ts';
import { Quota, type QuotaResult } from './quota.ts';
import { createRandom } from './random.ts';
import { createRequestLog } from './requestLog.ts';
import { WEBHOOK_KEY_PATH, matchRoute } from './routes.ts';
import { pickExampleIds } from './exampleIds.ts';
import { type ClockChange, type SandboxClock, createSandboxClock } from './sandboxClock.ts';
import { seedWorld } from './seed.ts';
import { DEFAULT_SETTINGS, type SettingsPatch, mergeSettings } from './settings.ts';
import { REDIRECT_TRAP, injectFault } from './injectFault.ts';
import type { Deliver } from './webhooks/sender.ts';
import { createWebhookNotifier } from './webhooks/webhookNotifier.ts';
import { type World, createWorld } from './world.ts';

/** A simulated RealtimeKit REST API, with a control API that makes it misbehave. */
export type Sandbox = ReturnType<typeof createSandbox>;

interface SandboxOptions {
  clock?: Clock;
  settings?: SettingsPatch;
  /** Sends the requests to webhooks; `fetch` by default. */
  deliver?: Deliver;
}

/** An arbitrary 32-bit number. It determines all ids and names. */
const SEED = 20_260_115;

/** Creates a sandbox. Its timers run on `clock`; its time is that of `clock` until `setClock` changes it. */
export function createSandbox(options: SandboxOptions = {}) {
  const { clock: base = systemClock, deliver = fetch } = options;
  const initialSettings = mergeSettings(DEFAULT_SETTINGS, options.settings ?? {});
  const clock = createSandboxClock(base);
  const faults = new FaultList();
  const log = createRequestLog();
  let settings = initialSettings;
  let quota = new Quota();
  let world = createSeededWorld(clock);
  const exampleIds = pickExampleIds(world);
  let responseCount = 0;
  const notifier = createWebhookNotifier({ clock, base, deliver, world: () => world, settings: () => settings });

  /** The state of the sandbox. */
  const overview = () => ({
    settings,
    faults: faults.list(),
    clock: { now: new Date(clock.now()).toISOString(), running: clock.isRunning() },
    exampleIds,
    counts: countsOf(world),
  });
  const requests = () => log.report();
  /** The deliveries to webhooks, with their outcomes. */
  const deliveries = () => notifier.sender.report();

  /** Merges a patch into the settings, and returns the result. */
  function configure(patch: unknown) {
    settings = mergeSettings(settings, patch);
    return settings;
  }

  /** Replaces the list of faults. */
  function setFaults(list: unknown) {
    faults.replace(list);
    return faults.list();
  }

  function setClock(change: unknown) {
    clock.set(change);
    notifier.checkForChanges();
    return overview().clock;
  }

  /** Triggers a change that is not caused by an API request. */
  function trigger(event: unknown) {
    triggerEvent(event, world, notifier);
    return overview().counts;
  }

  function clearRequests() {
    log.clear();
    return requests();
  }

  function clearDeliveries() {
    notifier.sender.clear();
    return deliveries();
  }

  /** Replaces the key that signs deliveries. */
  function rotateKey() {
    notifier.key.rotate();
    return { rotated: true };
  }

  /** Restores the initial state: the seed and the initial settings, without faults, webhooks, logs and used quota, with a running clock. */
  function reset() {
    notifier.stop();
    settings = initialSettings;
    clock.reset();
    faults.replace([]);
    quota = new Quota();
    log.clear();
    world = createSeededWorld(clock);
    return overview();
  }

  const actions: ControlActions = {
    'GET /__sandbox': overview,
    'PUT /__sandbox/settings': configure,
    'PUT /__sandbox/faults': setFaults,
    'PUT /__sandbox/clock': setClock,
    'GET /__sandbox/requests': requests,
    'DELETE /__sandbox/requests': clearRequests,
    'POST /__sandbox/events': trigger,
    'GET /__sandbox/deliveries': deliveries,
    'DELETE /__sandbox/deliveries': clearDeliveries,
    'POST /__sandbox/webhook-key': rotateKey,
    'POST /__sandbox/reset': reset,
  };

  async function waitForLatency(signal: AbortSignal): Promise<void> {
    if (settings.latencyMs > 0) await sleep(settings.latencyMs, base, signal);
  }

  /** Handles a request to the simulated API, with the quota, faults and latency. */
  async function handleApiRequest(request: Request, url: URL): Promise<Response> {
    const { method, signal } = request;
    const match = matchRoute(method, url.pathname);
    const isSpecial = url.pathname === REDIRECT_TRAP || url.pathname === WEBHOOK_KEY_PATH;
    const route = isSpecial ? url.pathname : (match.endpoint?.template ?? 'unknown');
    const query = Object.fromEntries(url.searchParams);
    const text = await request.text();
    const body = parseJson(text);
    const receivedAt = new Date(clock.now()).toISOString();
    const logged = text === '' ? {} : { body: body === undefined ? text : body };
    const finish = log.add({ method, route, path: url.pathname, query, ...logged, receivedAt });
    const withFault = (respond: () => Response) => {
      const fault = faults.match(method, route);
      return fault === undefined ? respond() : injectFault(fault, respond, base, signal);
    };
    const carryOut = () => {
      const response = callEndpoint(match, { query, body, world, webhooks: notifier.webhooks, settings });
      if (method !== 'GET') notifier.checkForChanges();
      return response;
    };
    try {
      // The real API has the key on another host, without a token and a quota.
      if (route === WEBHOOK_KEY_PATH) {
        const data = { publicKey: await notifier.key.publicPem() };
        const response = await withFault(() => Response.json({ success: true, data, message: '' }));
        await waitForLatency(signal);
        return response;
      }
      const token = /^Bearer +(\S.*)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
      const quotaResult = quota.count(token ?? '', clock.now(), settings.quota);
      const rejection = route === REDIRECT_TRAP ? Response.json({ success: true }) : rejectionOf(token, quotaResult);
      if (rejection?.status === 429) log.countRejected();
      const response = rejection ?? (await withFault(carryOut));
      await waitForLatency(signal);
      return withVendorHeaders(response, quotaResult);
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
    /** Handles a request to the API or to the control API. Rejects if the connection must close without a response. */
    fetch(request: Request): Promise<Response> {
      const url = new URL(request.url);
      const isControl = isControlPath(url.pathname) && url.pathname !== REDIRECT_TRAP;
      return isControl ? handleControlRequest(request, url.pathname, actions) : handleApiRequest(request, url);
    },
    /** Ids of objects in typical states; the same at every start. */
    exampleIds,
    overview,
    requests,
    clearRequests,
    deliveries,
    clearDeliveries,
    rotateKey,
    reset,
    /** Cancels all deliveries and timers, and removes the webhooks. */
    close: () => notifier.stop(),
    // The control API calls the same functions with any JSON; they throw a `RequestError`, and change nothing, if it is invalid.
    configure: (patch: SettingsPatch) => configure(patch),
    setFaults: (list: readonly Fault[]) => void setFaults(list),
    setClock: (change: ClockChange) => void setClock(change),
    trigger: (event: SandboxEvent) => void trigger(event),
  };
}

function createSeededWorld({ now }: SandboxClock): World {
  const random = createRandom(SEED);
  return createWorld(now, random, seedWorld(now(), random));
}

/** The rejection of a request by Cloudflare's general API layer, before the request reaches RealtimeKit; undefined if it passes. */
function rejectionOf(token: string | undefined, { retryAfterSeconds }: QuotaResult): Response | undefined {
  if (token === undefined) return cloudflareError(401, 10_000);
  if (retryAfterSeconds === undefined) return undefined;
  const response = cloudflareError(429, 971);
  response.headers.set('retry-after', String(retryAfterSeconds));
  return response;
}

function countsOf(world: World) {
  const byStatus: Record<string, number> = {};
  for (const livestream of world.livestreams.values()) {
    const status = world.statusOf(livestream);
    byStatus[status] = (byStatus[status] ?? 0) + 1;
  }
  return { meetings: world.meetings.size, livestreams: world.livestreams.size, byStatus };
}
