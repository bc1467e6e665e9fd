import type { Livestream, LivestreamSession, OffsetRange, Page } from '../domain/models.ts';
import { type Envelope, invalidResponse } from './envelope.ts';
import type { Query } from './client.ts';
import { getProperty } from './json.ts';
import { type PagingHints, readWindow } from './pagination.ts';
import { type ApiPath, path } from './path.ts';
import { dataOf, parseLivestream, parseSession, parseSessionList } from './parse.ts';

/** A page of a livestream's sessions, and the livestream beside it. */
export interface SessionsPage {
  livestream: Livestream | null;
  sessions: Page<LivestreamSession>;
}

/**
 * Reads a range of a livestream's sessions; of a livestream that is not there they are none. What upstream does not tell is not left
 * out in silence: sessions that it counts, but does not give, make the page fail, or another one be said to follow.
 */
export async function readSessions(
  read: (apiPath: ApiPath, query: Query) => Promise<Envelope | null>,
  livestreamId: string,
  range: OffsetRange,
  hints: PagingHints,
): Promise<SessionsPage> {
  let livestream: Livestream | null = null;
  const { rows, totalCount, hasNext } = await readWindow(
    async ({ pageNo, perPage }) => {
      const answer = await read(path`/livestreams/${livestreamId}`, { page_no: pageNo, per_page: perPage });
      const data = dataOf(answer);
      livestream = parseLivestream(getProperty(data, 'livestream') ?? data) ?? livestream;
      return parseSessionList(answer) ?? missingSessions();
    },
    range,
    hints,
  );
  const isMissed = range.offset + rows.length < (totalCount ?? 0);
  if (rows.length === 0 && isMissed) missingSessions();
  const models = rows.map((row) => parseSession(row, livestreamId));
  return { livestream, sessions: { rows: models, totalCount, hasNext: hasNext || isMissed } };
}

function missingSessions(): never {
  throw invalidResponse("it does not list the livestream's sessions");
}
