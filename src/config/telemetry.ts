import * as v from 'valibot';

import {
  type Collector,
  LOG_THRESHOLDS,
  type Sampling,
  type TelemetrySettings,
  type TracingSettings,
} from '../telemetry/telemetrySettings.ts';
import * as env from './env.ts';

const SAMPLERS = ['always_on', 'always_off', 'traceidratio'] as const;
const SERVICE_NAME = 'realtimekit-graphql';
const tracesEndpoint = v.optional(
  env.url('an http or https URL without credentials', (url) => env.isHttp(url) && !env.hasCredentials(url)),
);
/** The exporter appends the path of each signal. */
const endpoint = v.optional(
  env.url(
    'an http or https URL without credentials, query or fragment',
    (url) => env.isHttp(url) && !env.hasCredentials(url) && !/[?#]/.test(url.href),
  ),
);
const PROTOCOLS = ['http/json'] as const;
const DEFAULT_TIMEOUT_MS = 10_000;
const TIMEOUT_RANGE = { min: 1, max: 600_000 };

/** Pairs of a name and a percent-encoded value. The message does not repeat them: the value of a header may be a credential. */
const pairs = v.pipe(
  env.list,
  v.rawTransform(({ dataset: { value: items }, addIssue, NEVER }): Readonly<Record<string, string>> => {
    try {
      return Object.fromEntries(items.map(parsePair));
    } catch {
      addIssue({ message: 'must be pairs such as name=value, separated by commas, with percent-encoded values.' });
      return NEVER;
    }
  }),
);

/** Throws if the item has no name or no value, or the value's encoding is invalid. */
function parsePair(item: string): [string, string] {
  const [, name = '', value = ''] = /^([^=]*[^=\s])\s*=\s*(.+)$/s.exec(item) ?? [];
  if (name === '') throw new Error('The item is not a pair.');
  return [decodeURIComponent(name), decodeURIComponent(value)];
}

const isHeader = ([name, value]: [string, string]): boolean =>
  /^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
const headers = v.pipe(
  pairs,
  v.check((fields) => Object.entries(fields).every(isHeader), 'must contain only valid HTTP header fields.'),
);

const isRatio = (text: string): boolean => /^([01]|[01]?\.\d{1,9})$/.test(text) && Number(text) <= 1;

/** OpenTelemetry's variables: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ */
export const telemetrySettings = {
  logThreshold: env.choice('LOG_LEVEL', LOG_THRESHOLDS, 'info'),
  metrics: env.boolean('METRICS', true),
  endpoint: env.setting('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:4318', endpoint),
  tracesEndpoint: env.setting('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'http://127.0.0.1:4318/v1/traces', tracesEndpoint),
  /** Any value but "true" means that the SDK is not disabled. */
  isDisabled: env.setting(
    'OTEL_SDK_DISABLED',
    'true',
    v.pipe(
      v.optional(v.string(), ''),
      v.transform((word) => word.toLowerCase() === 'true'),
    ),
  ),
  exporter: env.choice('OTEL_TRACES_EXPORTER', ['otlp', 'none'], 'otlp'),
  protocol: env.choice('OTEL_EXPORTER_OTLP_PROTOCOL', PROTOCOLS, 'http/json'),
  tracesProtocol: env.choice('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', PROTOCOLS, 'http/json'),
  headers: env.setting('OTEL_EXPORTER_OTLP_HEADERS', 'api-key=Sn3lZJTBX6kkg7Od', v.optional(headers, '')),
  tracesHeaders: env.setting('OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'api-key=Sn3lZJTBX6kkg7Od', v.optional(headers, '')),
  timeoutMs: env.integer('OTEL_EXPORTER_OTLP_TIMEOUT', DEFAULT_TIMEOUT_MS, TIMEOUT_RANGE),
  tracesTimeoutMs: env.integer('OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', DEFAULT_TIMEOUT_MS, TIMEOUT_RANGE),
  serviceName: env.setting('OTEL_SERVICE_NAME', SERVICE_NAME, v.optional(env.line)),
  resourceAttributes: env.setting('OTEL_RESOURCE_ATTRIBUTES', 'deployment.environment=staging', v.optional(pairs, '')),
  sampler: env.choice(
    'OTEL_TRACES_SAMPLER',
    SAMPLERS.flatMap((sampler) => [sampler, `parentbased_${sampler}` as const]),
    'parentbased_always_on',
  ),
  ratio: env.setting(
    'OTEL_TRACES_SAMPLER_ARG',
    '0.1',
    v.pipe(v.optional(v.string(), '1'), v.check(isRatio, env.mustBe('a number from 0 to 1')), v.transform(Number)),
  ),
};

/** Reads what the gateway logs, measures and traces. On Node.js, the exporter reads further variables of its own. */
export function readTelemetry(environment: env.Environment): TelemetrySettings {
  return {
    logThreshold: env.readSetting(environment, telemetrySettings.logThreshold),
    metrics: env.readSetting(environment, telemetrySettings.metrics),
    tracing: readTracing(environment),
  };
}

/** Without an endpoint, or where a standard variable turns it off, tracing is off (null), and OpenTelemetry's other variables are ignored. */
function readTracing(environment: env.Environment): TracingSettings | null {
  if (env.readSetting(environment, telemetrySettings.isDisabled)) return null;
  const base = env.readSetting(environment, telemetrySettings.endpoint);
  const traces = env.readSetting(environment, telemetrySettings.tracesEndpoint);
  const url = traces ?? base?.replace(/\/?$/, '/v1/traces');
  if (url === undefined) return null;
  if (env.readSetting(environment, telemetrySettings.exporter) === 'none') return null;
  const { protocol, tracesProtocol, serviceName } = telemetrySettings;
  readForTraces(environment, tracesProtocol, protocol);
  const resourceAttributes = env.readSetting(environment, telemetrySettings.resourceAttributes);
  const name = env.readSetting(environment, serviceName) ?? resourceAttributes['service.name'] ?? SERVICE_NAME;
  return {
    resourceAttributes: { ...resourceAttributes, 'service.name': name },
    sampling: readSampling(environment),
    collector: readCollector(environment, url),
  };
}

/** Reads a setting for traces, or the one for all signals if that for traces is unset. */
function readForTraces<Value>(
  environment: env.Environment,
  forTraces: env.Setting<Value>,
  forAll: env.Setting<Value>,
): Value {
  return env.readSetting(environment, env.isSet(environment, forTraces) ? forTraces : forAll);
}

function readCollector(environment: env.Environment, url: string): Collector {
  const { headers, tracesHeaders, timeoutMs, tracesTimeoutMs } = telemetrySettings;
  return {
    url,
    headers: { ...env.readSetting(environment, headers), ...env.readSetting(environment, tracesHeaders) },
    timeoutMs: readForTraces(environment, tracesTimeoutMs, timeoutMs),
  };
}

function readSampling(environment: env.Environment): Sampling {
  const sampler = env.readSetting(environment, telemetrySettings.sampler);
  const fixedRatio = sampler.endsWith('always_off') ? 0 : 1;
  return {
    isParentBased: sampler.startsWith('parentbased_'),
    ratio: sampler.endsWith('traceidratio') ? env.readSetting(environment, telemetrySettings.ratio) : fixedRatio,
  };
}
