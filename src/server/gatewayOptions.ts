import type { AuthSettings } from '../auth/authenticate.ts';
import type { Cluster } from '../cluster/peers.ts';
import type { TrustedDocuments } from '../config/persistedDocuments.ts';
import type { CallerShares } from '../data/callerAccounts.ts';
import type { CachingSettings } from '../data/cachingSettings.ts';
import type { OperationLimits } from '../graphql/limits/operationLimits.ts';
import type { Clock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import type { SavedState } from '../lib/savedState.ts';
import type { LiveLimits } from '../live/subscriptions.ts';
import type { PurgeSettings } from '../purge/purger.ts';
import type { ClientSettings } from '../realtimekit/client.ts';
import type { Transport } from '../realtimekit/transport.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Tracer } from '../telemetry/tracer.ts';
import type { CacheHeadersSetting } from './cacheHeaders.ts';
import type { GraphiqlOptions } from './graphiql/page.ts';
import type { ReadinessDetails } from './plugins/useRoutes.ts';

/** The RealtimeKit app to serve, the credential, and the timeouts of upstream requests. */
export interface UpstreamSettings extends ClientSettings {
  /** Secret. The gateway's own RealtimeKit token; null if each caller sends one. */
  token: string | null;
}

/** The settings and dependencies of a gateway. Partial settings are completed with their defaults. */
export interface GatewayOptions {
  upstream: UpstreamSettings;
  /** Sends upstream requests, and those for public keys and purges. */
  transport: Transport;
  caching?: Partial<CachingSettings>;
  /** Who may store responses besides the gateway. Default: `private`, the caller's own cache. */
  cacheHeaders?: CacheHeadersSetting;
  /** Null (the default) for a single replica. */
  cluster?: Cluster | null;
  /**
   * Where a single replica saves what it must know after an eviction: what it spent of the request budget, the starts that it began, and the
   * webhook deliveries that it accepted. Null (the default) if it is not evicted.
   */
  savedState?: SavedState | null;

  /** How callers authenticate. Default: not at all. */
  auth?: AuthSettings;
  /** How callers that authenticate share the request budget; null if they do not. Default: equally. */
  callerShares?: CallerShares | null;
  /** Limits on a single request. */
  limits?: Partial<OperationLimits>;
  /** Limits on the number of subscriptions. */
  live?: Partial<LiveLimits>;
  /** Documents that callers may request by id. Default: none. */
  trustedDocuments?: TrustedDocuments;
  /** Origins whose pages may send requests, such as `https://example.com`; `*` for any. Default: none. */
  corsOrigins?: readonly string[];
  /** Whether to reject requests whose `Host` is not a name of this machine. Default: false. */
  localOnly?: boolean;
  /** Where RealtimeKit publishes its webhooks' public key; null (the default) to receive no webhooks. */
  webhookKeyUrl?: string | null;

  /** The caches in front of the gateway that it purges; null (the default) for none. */
  purge?: PurgeSettings | null;

  /** Whether to allow introspection and `_service`. Default: true. */
  introspection?: boolean;
  /** Whether error messages suggest names from the schema. Default: true. */
  suggestions?: boolean;
  /** Whether callers may request a report of the upstream requests of their operation. Default: false. */
  upstreamReport?: boolean;
  /** Whether callers may ask what an operation costs, or would cost. Default: false. */
  costReport?: boolean;
  /** What GraphiQL shows; false to serve no GraphiQL. */
  graphiql: GraphiqlOptions | false;

  log: Log;
  /** Served at `GET /metrics`. Undefined if metrics are off. */
  metrics?: Metrics | undefined;
  /** Undefined if tracing is off. */
  tracer?: Tracer | undefined;
  /** The program's version, reported by `GET /health`. */
  version?: string;
  /** Whether `GET /ready` answers 200 or 503. Default: always 200. */
  isReady?: () => boolean;
  /** Further properties of the body of `GET /ready`. */
  readinessDetails?: () => ReadinessDetails;

  clock?: Clock;
  /** Returns a number from 0 to 1. Used for the jitter of delays. */
  random?: () => number;
}
