import { ConfigError, type Environment, readBoolean } from './env.ts';
import { LOG_LEVELS, type LogLevel, type Sampling, type TelemetrySettings } from '../telemetry/telemetrySettings.ts';

/** What the gateway tells of itself. How traces are sent, such as headers and deadlines, the exporter reads by itself. */
export function readTelemetry(environment: Environment): TelemetrySettings {
  return {
    logLevel: readLevel(environment['LOG_LEVEL'] || 'info'),
    metrics: readBoolean(environment, 'METRICS', true),
    tracing: readTracing(environment),
  };
}

function readLevel(value: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === value);
  if (level !== undefined) return level;
  throw new ConfigError('LOG_LEVEL', `"${value}" is none of ${LOG_LEVELS.join(', ')}.`, 'info');
}

function readTracing(environment: Environment): TelemetrySettings['tracing'] {
  const all = readEndpoint(environment, 'OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:4318');
  const traces = readEndpoint(environment, 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'http://127.0.0.1:4318/v1/traces');
  if (!all && !traces) return null;
  const serviceName = environment['OTEL_SERVICE_NAME'] || 'realtimekit-graphql';
  return { serviceName, sampling: readSampling(environment) };
}

/** The exporter would pass over what is no address, and send traces to another place. */
function readEndpoint(environment: Environment, variable: string, example: string): boolean {
  const value = environment[variable];
  if (!value) return false;
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return true;
  throw new ConfigError(variable, 'it is to be an http or https address.', example);
}

/** The names are OpenTelemetry's (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). */
function readSampling(environment: Environment): Sampling {
  const name = environment['OTEL_TRACES_SAMPLER'] || 'parentbased_always_on';
  const [, parent, how] = /^(parentbased_)?(always_on|always_off|traceidratio)$/.exec(name) ?? [];
  if (how === undefined) {
    const problem = `"${name}" is none of always_on, always_off, traceidratio, alone or after parentbased_.`;
    throw new ConfigError('OTEL_TRACES_SAMPLER', problem, 'parentbased_traceidratio');
  }
  const ratio = how === 'traceidratio' ? readRatio(environment['OTEL_TRACES_SAMPLER_ARG'] || '1') : 1;
  return { parent: parent !== undefined, ratio: how === 'always_off' ? 0 : ratio };
}

function readRatio(value: string): number {
  const ratio = /^(0|1|[01]?\.\d{1,9}|1\.0{1,9})$/.test(value) ? Number(value) : 2;
  if (ratio <= 1) return ratio;
  throw new ConfigError('OTEL_TRACES_SAMPLER_ARG', `"${value}" is not a number from 0 to 1.`, '0.1');
}
