import { type Clock, systemClock } from '../clock.ts';
import { Refusal, render, renderError } from './answers.ts';
import { type Controls, type Overview, answerControl, isControlPath } from './control.ts';
import { type Fault, FaultList, readFaults } from './faults.ts';
import { Quota, type Verdict } from './quota.ts';
import { createRandom } from './random.ts';
import { type LoggedRequest, RequestLog, type RequestReport } from './requestLog.ts';
import { type Match, matchRoute } from './router.ts';
import { type Samples, pickSamples } from './samples.ts';
import { type ClockChange, SandboxClock } from './sandboxClock.ts';
import { plantSeed } from './seed.ts';
import { DEFAULT_SETTINGS, type SandboxSettings, type SettingsPatch, mergeSettings } from './settings.ts';
import { TRAP, pause, strike } from './strike.ts';
import { World } from './world.ts';

/** A simulated RealtimeKit REST API with the controls to make it misbehave. */
export interface Sandbox {
  /** Answers a request to the API or to the controls. Rejects where a connection would be closed without an answer. */
  fetch(request: Request): Promise<Response>;
  /** Ids to try; the same at every start. */
  readonly samples: Samples;
  overview(): Overview;
  /** Merges into the settings and gives the result. */
  configure(patch: SettingsPatch): SandboxSettings;
  /** Replaces the list of faults. */
  fail(faults: readonly Fault[]): void;
  setClock(change: ClockChange): void;
  requests(): RequestReport;
  forgetRequests(): void;
  /** Back to the seed, the settings of the creation, no faults, an empty log, a fresh quota and a running clock. */
  reset(): void;
}

/** Any 32-bit number would do; all ids and names follow from it. */
const SEED = 20_260_115;

/** Creates a sandbox. Its waits run on `clock`; its time is `clock`'s until `setClock` says otherwise. */
export function createSandbox(options: { clock?: Clock; settings?: SettingsPatch } = {}): Sandbox {
  const base = options.clock ?? systemClock;
  const initialSettings = mergeSettings(DEFAULT_SETTINGS, options.settings ?? {});
  const clock = new SandboxClock(base);
  const faults = new FaultList();
  const quota = new Quota();
  const log = new RequestLog();
  let settings = initialSettings;
  let { world, samples } = createWorld(clock);
  let served = 0;

  const controls: Controls = {
    overview: () => ({
      settings,
      faults: faults.list(),
      clock: { now: new Date(clock.now()).toISOString(), running: clock.running },
      samples,
      counts: countsOf(world),
    }),
    configure(patch) {
      settings = mergeSettings(settings, patch);
      return settings;
    },
    fail: (list) => faults.replace(readFaults(list)),
    setClock: (change) => clock.set(change),
    requests: () => log.report(),
    forgetRequests: () => log.forget(),
    reset() {
      settings = initialSettings;
      clock.reset();
      faults.replace([]);
      quota.forget();
      log.forget();
      ({ world, samples } = createWorld(clock));
    },
  };

  async function answerUpstream(request: Request, url: URL): Promise<Response> {
    const match = matchRoute(request.method, url.pathname);
    const route = url.pathname === TRAP ? TRAP : (match.endpoint?.template ?? 'unknown');
    const body = await request.text();
    const leave = log.enter(logged(request.method, route, url, body, clock.now()));
    try {
      const token = /^Bearer +(\S.*)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
      const verdict = quota.take(token ?? '', clock.now(), settings.quota);
      const carryOut = () => answerEndpoint(match, url, body);
      const refusal = route === TRAP ? Response.json({ success: true }) : refusalOf(token, verdict);
      if (refusal?.status === 429) log.refuse();
      const fault = refusal === undefined ? faults.take(request.method, route) : undefined;
      const answer = fault === undefined ? undefined : await strike(fault, carryOut, base, request.signal);
      const response = refusal ?? answer ?? carryOut();
      await pause(base, settings.latencyMs, request.signal);
      return stamped(response, verdict);
    } finally {
      leave();
    }
  }

  function answerEndpoint(match: Match, url: URL, body: string): Response {
    if (match.endpoint === undefined) return renderError(match.status, 7003, 'Could not route the request', 'errors');
    try {
      const call = { id: match.id, query: url.searchParams, body, world, settings };
      return render(match.endpoint.handle(call), settings.shapes);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return renderError(error.status, error.code, error.message, settings.shapes.errors);
    }
  }

  function stamped(response: Response, verdict: Verdict): Response {
    served += 1;
    response.headers.set('date', new Date(clock.now()).toUTCString());
    response.headers.set('cf-ray', `${(0x8f3a_0000_0000 + served).toString(16).padEnd(16, '0')}-LIS`);
    for (const [name, value] of Object.entries(verdict.headers)) response.headers.set(name, value);
    return response;
  }

  return {
    ...controls,
    samples,
    fetch(request) {
      const url = new URL(request.url);
      const isControl = isControlPath(url.pathname) && url.pathname !== TRAP;
      return isControl ? answerControl(request, url.pathname, controls) : answerUpstream(request, url);
    },
  };
}

function createWorld(clock: SandboxClock): { world: World; samples: Samples } {
  const random = createRandom(SEED);
  const seed = plantSeed(clock.now(), random);
  const world = new World(() => clock.now(), random, seed);
  return { world, samples: pickSamples(seed, world) };
}

/** The refusals that come from the vendor's general layer, before RealtimeKit sees the request. */
function refusalOf(token: string | undefined, { retryAfterSeconds }: Verdict): Response | undefined {
  if (token === undefined) return renderError(401, 10_000, 'Authentication error', 'errors');
  if (retryAfterSeconds === undefined) return undefined;
  const message = 'Please wait and consider throttling your request speed';
  const response = renderError(429, 971, message, 'errors');
  response.headers.set('retry-after', String(retryAfterSeconds));
  return response;
}

function logged(method: string, route: string, url: URL, body: string, now: number): LoggedRequest {
  const entry = { method, route, path: url.pathname, query: Object.fromEntries(url.searchParams) };
  const at = new Date(now).toISOString();
  return body === '' ? { ...entry, at } : { ...entry, body: parsed(body), at };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

function countsOf(world: World): Overview['counts'] {
  const byStatus: Record<string, number> = {};
  for (const livestream of world.livestreams()) {
    const status = world.statusOf(livestream);
    byStatus[status] = (byStatus[status] ?? 0) + 1;
  }
  return { meetings: world.meetings().length, livestreams: world.livestreams().length, byStatus };
}
