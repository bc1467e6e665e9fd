import packageJson from '../../package.json' with { type: 'json' };
import type { Config } from '../config/index.ts';
import { systemClock } from '../lib/clock.ts';
import { createFetchTransport } from '../realtimekit/fetchTransport.ts';
import { configuredOptions, type ServedSandbox } from '../server/configuredOptions.ts';
import { createGateway, type Gateway } from '../server/gateway.ts';
import { validateJwtKey } from '../server/validateJwtKey.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { startPortableTelemetry } from '../telemetry/startPortableTelemetry.ts';
import { withChangesHeader } from './changes.ts';
import { createObjectStorage } from './objectStorage.ts';
import type { ObjectState } from './platform.ts';
import { type Bindings, readBindings } from './settings.ts';

/** A gateway in an object, and its settings. */
export interface StartedGateway {
  gateway: Gateway;
  /** Handles a request, and tells the isolate how much has changed. */
  handle: (request: Request) => Promise<Response>;
  config: Config;
  /** Undefined if metrics are off. */
  metrics: Metrics | undefined;
}

/** A sandbox in the object's own memory. */
export interface ObjectSandbox extends ServedSandbox {
  fetch: (request: Request) => Promise<Response>;
}

/** Starts the gateway in an object. `openSandbox`: called if the settings name no app. Rejects with a `ConfigError` if a setting is missing or invalid. */
export async function startGateway(
  state: ObjectState,
  bindings: Bindings,
  openSandbox: () => ObjectSandbox,
): Promise<StartedGateway> {
  const config = readBindings(bindings);
  await validateJwtKey(config.auth);
  const { version } = packageJson;
  const { log, metrics, tracer } = startPortableTelemetry(config.telemetry, version, (sending) =>
    state.waitUntil(sending),
  );
  const sandbox = config.app === null ? openSandbox() : null;
  const gateway = createGateway({
    ...configuredOptions(config, sandbox),
    transport: createFetchTransport(sandbox === null ? {} : { fetch: sandbox.fetch }).send,
    savedState: createObjectStorage(state.storage.sql, () => systemClock.now()),
    log,
    metrics,
    tracer,
    version,
  });
  return { gateway, handle: withChangesHeader(gateway), config, metrics };
}
