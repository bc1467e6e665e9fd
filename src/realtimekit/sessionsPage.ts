import type { Livestream, LivestreamSession, OffsetRange, Page } from '../domain/models.ts';
import { type Envelope, invalidResponse } from './envelope.ts';
import type { QueryParameters } from './client.ts';
import { getProperty } from './json.ts';
import type { Loaded } from './loaded.ts';
import { type PagingHints, readSlice } from './pagination.ts';
import { type ApiPath, path } from './path.ts';
import { parseObject, parseLivestream, parseSession, parseSessionList } from './parse.ts';

/**
 * Reads a range of a livestream's sessions; a livestream that does not exist has none. Sessions that RealtimeKit counts but does not
 * send are not left out silently: if the whole page is missing, throws `UPSTREAM_INVALID_RESPONSE`; if part of it is, `hasNext` is true.
 */
export async function readSessions(
  get: (apiPath: ApiPath, query: QueryParameters) => Promise<Envelope | null>,
  livestreamId: string,
  range: OffsetRange,
  hints: PagingHints,
): Promise<Loaded<Page<LivestreamSession>>> {
  let livestream: Livestream | null = null;
  const { rows, totalCount, hasNext } = await readSlice(
    async ({ pageNo, perPage }) => {
      const envelope = await get(path`/livestreams/${livestreamId}`, { page_no: pageNo, per_page: perPage });
      const data = parseObject(envelope);
      livestream = parseLivestream(getProperty(data, 'livestream') ?? data) ?? livestream;
      return parseSessionList(envelope) ?? throwMissingSessions();
    },
    range,
    hints,
  );
  const isIncomplete = range.offset + rows.length < (totalCount ?? 0);
  if (rows.length === 0 && isIncomplete) throwMissingSessions();
  const sessions = rows.map((row) => parseSession(row, livestreamId));
  return {
    value: { rows: sessions, totalCount, hasNext: hasNext || isIncomplete },
    entities: { livestreams: [livestream] },
  };
}

function throwMissingSessions(): never {
  throw invalidResponse("the livestream's sessions are missing");
}
