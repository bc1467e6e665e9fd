import * as v from 'valibot';

import { LOG_THRESHOLDS, type TelemetrySettings } from '../telemetry/telemetrySettings.ts';
import * as env from './env.ts';

const SAMPLERS = ['always_on', 'always_off', 'traceidratio'] as const;
const SERVICE_NAME = 'realtimekit-graphql';
const endpoint = v.optional(
  env.url('an http or https URL without credentials', (url) => env.isHttp(url) && !env.hasCredentials(url)),
);
const PROTOCOLS = ['http/json'] as const;

const isRatio = (text: string): boolean => /^([01]|[01]?\.\d{1,9})$/.test(text) && Number(text) <= 1;

/** OpenTelemetry's variables: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ */
export const telemetrySettings = {
  logThreshold: env.choice('LOG_LEVEL', LOG_THRESHOLDS, 'info'),
  metrics: env.boolean('METRICS', true),
  endpoint: env.setting('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:4318', endpoint),
  tracesEndpoint: env.setting('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'http://127.0.0.1:4318/v1/traces', endpoint),
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
  serviceName: env.setting('OTEL_SERVICE_NAME', SERVICE_NAME, v.optional(env.line, SERVICE_NAME)),
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

/** Reads what the gateway logs, measures and traces. The exporter reads further variables of its own. */
export function readTelemetry(environment: env.Environment): TelemetrySettings {
  return {
    logThreshold: env.readSetting(environment, telemetrySettings.logThreshold),
    metrics: env.readSetting(environment, telemetrySettings.metrics),
    tracing: readTracing(environment),
  };
}

/** Without an endpoint, or where a standard variable turns it off, tracing is off (null), and OpenTelemetry's other variables are ignored. */
function readTracing(environment: env.Environment): TelemetrySettings['tracing'] {
  if (env.readSetting(environment, telemetrySettings.isDisabled)) return null;
  // The exporter reads the endpoints itself, but would ignore an invalid one and send traces to its default instead.
  const base = env.readSetting(environment, telemetrySettings.endpoint);
  const traces = env.readSetting(environment, telemetrySettings.tracesEndpoint);
  if (base === undefined && traces === undefined) return null;
  if (env.readSetting(environment, telemetrySettings.exporter) === 'none') return null;
  // The variable for traces takes precedence.
  const { protocol, tracesProtocol } = telemetrySettings;
  env.readSetting(environment, env.isSet(environment, tracesProtocol) ? tracesProtocol : protocol);
  const sampler = env.readSetting(environment, telemetrySettings.sampler);
  const fixedRatio = sampler.endsWith('always_off') ? 0 : 1;
  return {
    serviceName: env.readSetting(environment, telemetrySettings.serviceName),
    sampling: {
      isParentBased: sampler.startsWith('parentbased_'),
      ratio: sampler.endsWith('traceidratio') ? env.readSetting(environment, telemetrySettings.ratio) : fixedRatio,
    },
  };
}
