import type { GraphiQLOptions } from 'graphql-yoga';

import type { AuthSettings } from '../auth/authenticate.ts';
import type { Clock } from '../lib/clock.ts';
import type { OperationLimits } from '../graphql/limits/operationLimits.ts';
import type { LiveLimits } from '../live/subscriptions.ts';
import type { Log } from '../lib/log.ts';
import type { ReadinessDetails } from './plugins/useReadiness.ts';
import type { TrustedDocuments } from '../config/persistedDocuments.ts';
import type { SharedStore } from '../cluster/sharedStore.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracer.ts';
import type { ClientSettings } from '../realtimekit/client.ts';
import type { CachingSettings } from '../data/cachingSettings.ts';
import type { Transport } from '../realtimekit/transport.ts';

/** Which app is served, with which credential, and how patiently. */
export interface UpstreamSettings extends ClientSettings {
  /** Secret. The gateway's own, from which callers are served who bring none; null: all of them do. */
  token: string | null;
}

export interface GatewayOptions {
  upstream: UpstreamSettings;
  /** How answers are kept and requests are spent; what is left out is as by default. */
  caching?: Partial<CachingSettings>;
  /** Whether callers may ask what their operations cost. */
  upstreamReport?: boolean;
  transport: Transport;
  log: Log;
  /** What is counted, and told at `GET /metrics`; undefined: nothing is. */
  metrics?: Metrics | undefined;
  /** What makes traces; undefined: nothing is traced. */
  tracer?: Tracer | undefined;
  /** GraphiQL's look and its first tabs; false: it is not served. */
  graphiql: GraphiQLOptions | false;
  /** How callers show who they are; by default not at all. */
  auth?: AuthSettings;
  /** What one request may ask for; what is left out is as by default. */
  limits?: Partial<OperationLimits>;
  /** Which sites' pages may call, as `https://example.com`; `*`: any. By default none. */
  corsOrigins?: readonly string[];
  /** Whether only this machine's own names are answered to. */
  localOnly?: boolean;
  /** Whether introspection and `_service` are answered, by default yes. */
  introspection?: boolean;
  /** Whether errors name what the schema has that was nearly named, by default yes. */
  suggestions?: boolean;
  trustedDocuments?: TrustedDocuments;
  /** Where the public key of RealtimeKit's webhooks is; null: none are received. */
  webhookKeyUrl?: string | null;
  /** How many may watch; what is left out is as by default. */
  live?: Partial<LiveLimits>;
  /** False while no new work is wanted: `GET /ready` then answers 503. */
  isReady?: () => boolean;
  /** What all replicas of the gateway have in common, and what this app's keys begin with there; null: there is but one. */
  cluster?: { store: SharedStore; prefix: string } | null;
  /** What `/ready` tells besides. */
  readinessDetails?: () => ReadinessDetails;
  clock?: Clock;
  /** From 0 to 1, for the jitter of waits. */
  random?: () => number;
}
