/** What Cloudflare bills of a Durable Object, besides its duration and the messages that it receives over WebSockets. */
export interface ObjectCounts {
  /** How often the object was created. */
  starts: number;
  requests: number;
  alarms: number;
  rowsWritten: number;
}

/** The path of the counts at the Worker of `countingWorker.ts`, which itself may export nothing but the Worker and its objects. */
export const COUNTS_PATH = '/__bench/counts';
