import { at } from '../../support/gateway.ts';
import { afterTest } from './cleanUp.ts';
import type { Replica } from './replica.ts';

/** What somebody who watches a livestream, or a meeting's, has seen. */
export interface Watching {
  statuses: unknown[];
  /** When each of them came, in milliseconds. */
  times: number[];
}

const WATCH = `subscription ($livestreamId: ID, $meetingId: ID) {
  livestreamUpdated(livestreamId: $livestreamId, meetingId: $meetingId) { id status }
}`;

/** Watches over server-sent events until the test ends; resolves when the connection is open. */
export async function watch(
  replica: Replica,
  target: { livestreamId: string } | { meetingId: string },
): Promise<Watching> {
  const connection = new AbortController();
  const response = await fetch(replica.url('/graphql'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: WATCH, variables: target }),
    signal: connection.signal,
  });
  const watching: Watching = { statuses: [], times: [] };
  const reading = read(response, watching).catch(() => {});
  afterTest(async () => {
    connection.abort();
    await reading;
  });
  return watching;
}

async function read({ body }: Response, { statuses, times }: Watching): Promise<void> {
  let text = '';
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const parts = (text + chunk).split('\n\n');
    text = parts.pop() ?? '';
    for (const part of parts) {
      const data = /^data: ?(\{.*)$/m.exec(part)?.[1];
      if (data === undefined) continue;
      statuses.push(at(JSON.parse(data), 'data', 'livestreamUpdated', 'status'));
      times.push(performance.now());
    }
  }
}
