/** What viewers cause, in the terms that Cloudflare bills. */
export interface ViewerRates {
  /** Connections, as requests or WebSockets, that a viewer opens in a day. */
  connectionsPerViewerDay: number;
  /** Messages that a viewer sends over WebSocket to connect and subscribe. */
  messagesPerConnection: number;
  /** Further messages of a viewer. */
  messagesPerViewerMinute: number;
  /** Mutations and webhooks. */
  otherRequestsPerMinute: number;
  alarmsPerMinute: number;
  rowsWrittenPerMinute: number;
}

/** What a day costs, in the units of Cloudflare's bill. */
export interface DayUsage {
  workerRequests: number;
  objectRequests: number;
  gigabyteSeconds: number;
  rowsWritten: number;
}

const MINUTES_PER_DAY = 1440;
/** An object is billed for 128 MB, whatever it uses. */
const OBJECT_GIGABYTES = 0.125;
const MESSAGES_PER_REQUEST = 20;

/**
 * Dollars beyond what the plan Workers Paid includes each month: 10 million requests to Workers, and of Durable Objects 1 million
 * requests, 400,000 GB-s and 50 million rows written (https://developers.cloudflare.com/workers/platform/pricing/,
 * https://developers.cloudflare.com/durable-objects/platform/pricing/).
 */
const PRICES: DayUsage = {
  workerRequests: 0.3e-6,
  objectRequests: 0.15e-6,
  gigabyteSeconds: 12.5e-6,
  rowsWritten: 1e-6,
};

/** What viewers of one object use in a day. It is in memory all the time, because somebody always subscribes. */
export function usageOfDay(viewers: number, rates: ViewerRates): DayUsage {
  const connections = viewers * rates.connectionsPerViewerDay;
  const messages =
    connections * rates.messagesPerConnection + viewers * rates.messagesPerViewerMinute * MINUTES_PER_DAY;
  const workerRequests = connections + rates.otherRequestsPerMinute * MINUTES_PER_DAY;
  const alarms = rates.alarmsPerMinute * MINUTES_PER_DAY;
  return {
    workerRequests,
    objectRequests: workerRequests + messages / MESSAGES_PER_REQUEST + alarms,
    gigabyteSeconds: MINUTES_PER_DAY * 60 * OBJECT_GIGABYTES,
    // Setting an alarm writes a row.
    rowsWritten: rates.rowsWrittenPerMinute * MINUTES_PER_DAY + alarms,
  };
}

/** The price of each kind of usage in dollars, without what the plan includes. */
export function priceOf(usage: DayUsage): DayUsage {
  return {
    workerRequests: usage.workerRequests * PRICES.workerRequests,
    objectRequests: usage.objectRequests * PRICES.objectRequests,
    gigabyteSeconds: usage.gigabyteSeconds * PRICES.gigabyteSeconds,
    rowsWritten: usage.rowsWritten * PRICES.rowsWritten,
  };
}
