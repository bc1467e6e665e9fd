import { at } from '../../support/gateway.ts';
import { afterTest } from './cleanUp.ts';
import type { Replica } from './replica.ts';

/** The events that a subscriber received. */
export interface Subscriber {
  statuses: unknown[];
  /** When each status arrived, in milliseconds. */
  times: number[];
}

const SUBSCRIPTION = `subscription ($livestreamId: ID, $meetingId: ID) {
  livestreamUpdated(livestreamId: $livestreamId, meetingId: $meetingId) { id status }
}`;

/** Subscribes to a livestream, or to a meeting's, over server-sent events until the test ends. Resolves when connected. */
export async function subscribe(
  replica: Replica,
  target: { livestreamId: string } | { meetingId: string },
): Promise<Subscriber> {
  const connection = new AbortController();
  const response = await fetch(replica.url('/graphql'), {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query: SUBSCRIPTION, variables: target }),
    signal: connection.signal,
  });
  const subscriber: Subscriber = { statuses: [], times: [] };
  const reading = read(response, subscriber).catch(() => {});
  afterTest(async () => {
    connection.abort();
    await reading;
  });
  return subscriber;
}

async function read({ body }: Response, { statuses, times }: Subscriber): Promise<void> {
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
