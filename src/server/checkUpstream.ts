import type { DataSource } from '../data/dataSource.ts';
import { UpstreamError } from '../domain/errors.ts';
import { Cancellation } from '../lib/cancellation.ts';
import type { Log } from '../lib/log.ts';

/**
 * Sends one request with the gateway's own token, and logs whether RealtimeKit can be reached and accepts the settings. Failures with
 * a known reason are logged by `upstreamStatus.ts`. Never rejects.
 */
export async function checkUpstream(dataSource: DataSource, token: string, log: Log): Promise<void> {
  try {
    await dataSource.check(dataSource.operation(await dataSource.account(token), new Cancellation(), () => {}));
    log('info', "RealtimeKit accepts the gateway's requests.");
  } catch (error) {
    if (error instanceof UpstreamError && error.reason !== undefined) return;
    log('error', 'The first request to RealtimeKit failed.', { error: String(error) });
  }
}
