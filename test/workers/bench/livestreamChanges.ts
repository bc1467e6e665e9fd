import { setTimeout as wait } from 'node:timers/promises';

import type { BenchSandbox } from '../../bench/benchUpstreams.ts';
import type { HttpClient } from '../../bench/httpClient.ts';
import { stringAt } from '../../bench/jsonPath.ts';
import { callApi } from '../../bench/sandboxCalls.ts';
import type { Viewer, ViewedStatus } from './viewer.ts';

/** How the gateway learns of a change: it makes the change itself, RealtimeKit reports it, or it polls. */
export type ChangeSource = 'mutations' | 'webhooks' | 'polling';

/** A change, and how long each viewer that was connected all the time had to wait for it. */
export interface SeenChange {
  source: ChangeSource;
  status: ViewedStatus;
  livestreamId: string;
  delaysMs: number[];
  /** Who did not receive it in time. */
  missed: string[];
}

export interface LivestreamChangesOptions {
  /** Posts to the gateway. */
  client: HttpClient;
  /** Called as another client of RealtimeKit. */
  sandbox: BenchSandbox;
  viewers: readonly Viewer[];
  /** The time from a start to `LIVE`. */
  goLiveAfterMs: number;
  /** How long all changes may take to arrive. */
  timeoutMs: number;
}

const START =
  'mutation ($id: ID!) { startLivestream(input: { meetingId: $id }) { livestream { id } userErrors { code } } }';
const STOP =
  'mutation ($id: ID!) { stopLivestream(input: { meetingId: $id }) { livestream { id } userErrors { code } } }';
const CHECK_INTERVAL_MS = 20;

/** Starts and stops livestreams, and waits until all viewers know. */
export function createLivestreamChanges(options: LivestreamChangesOptions) {
  const { client, sandbox, viewers, goLiveAfterMs, timeoutMs } = options;

  async function mutate(query: string, mutation: string, meetingId: string): Promise<string> {
    const { text } = await client.post(JSON.stringify({ query, variables: { id: meetingId } }));
    if (text.includes('"code"')) throw new Error(`${mutation} failed: ${text}`);
    return stringAt(JSON.parse(text), 'data', mutation, 'livestream', 'id');
  }

  async function observe(
    livestreamId: string,
    meetingId: string,
    change: Pick<SeenChange, 'source' | 'status'>,
    changedAt: number,
  ): Promise<SeenChange> {
    const { status } = change;
    const audience = viewers
      .filter(({ target }) => target.meetingId === null || target.meetingId === meetingId)
      .map((viewer) => ({ viewer, connectedAt: viewer.connectedAt() }))
      .filter(({ connectedAt }) => connectedAt !== null && connectedAt < changedAt);
    const isWaiting = ({ viewer, connectedAt }: (typeof audience)[number]): boolean =>
      viewer.connectedAt() === connectedAt && viewer.seenAt(livestreamId, status) === undefined;
    const deadline = changedAt + timeoutMs;
    while (performance.now() < deadline && audience.some(isWaiting)) await wait(CHECK_INTERVAL_MS);
    const missed = audience
      .filter(isWaiting)
      .map(({ viewer: { transport } }) => `${transport}: ${status} of ${livestreamId}, by ${change.source}`);
    const delaysMs = audience
      .filter(({ viewer, connectedAt }) => viewer.connectedAt() === connectedAt)
      .flatMap(({ viewer }) => viewer.seenAt(livestreamId, status) ?? [])
      .map((seenAt) => Math.max(0, seenAt - changedAt));
    return { ...change, livestreamId, delaysMs, missed };
  }

  return {
    /** Resolves when all viewers know that the livestream is live, or time is up. */
    async start(meetingId: string, source: ChangeSource): Promise<SeenChange> {
      const startedAt = performance.now();
      const id =
        source === 'mutations'
          ? await mutate(START, 'startLivestream', meetingId)
          : stringAt(await callApi(sandbox, 'POST', `/meetings/${meetingId}/livestreams`, {}), 'data', 'id');
      return observe(id, meetingId, { source, status: 'LIVE' }, startedAt + goLiveAfterMs);
    },
    /** Resolves when all viewers know that the livestream has ended, or time is up. */
    async stop(livestreamId: string, meetingId: string, source: ChangeSource): Promise<SeenChange> {
      const stoppedAt = performance.now();
      if (source === 'mutations') await mutate(STOP, 'stopLivestream', meetingId);
      else await callApi(sandbox, 'POST', `/meetings/${meetingId}/active-livestream/stop`, {});
      return observe(livestreamId, meetingId, { source, status: 'IDLE' }, stoppedAt);
    },
  };
}
