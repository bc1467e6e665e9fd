import type { Cluster } from '../../../src/cluster/peers.ts';
import { type CachingSettings, DEFAULT_CACHING } from '../../../src/data/cachingSettings.ts';
import { createDataSource } from '../../../src/data/dataSource.ts';
import type { Operation } from '../../../src/data/operation.ts';
import type { TransportRequest, TransportResponse } from '../../../src/realtimekit/transport.ts';
import { createFakeClock, type FakeClock } from '../../support/fakeClock.ts';
import { APP } from '../../support/upstream.ts';

export type TestDataSource = ReturnType<typeof createTestDataSource>;

/** The content of a response; null for 404. */
type Content = { data: unknown; paging?: unknown } | null;

interface TestDataSourceOptions extends Partial<CachingSettings> {
  /** How the API responds. Default: with the same ids for every token, and texts that name the token's owner. */
  respond?: (url: URL, owner: string) => Content;
  clock?: FakeClock;
  /** Null (the default) if there is only one replica. */
  cluster?: Cluster | null;
}

/** A data source over an API in the same process. */
export function createTestDataSource({
  respond = respondAsOwner,
  clock = createFakeClock(),
  ...options
}: TestDataSourceOptions = {}) {
  const urls: string[] = [];
  const transport = async (request: TransportRequest): Promise<TransportResponse> => {
    urls.push(request.url);
    const owner = request.headers['authorization']?.replace('Bearer token-', '') ?? 'nobody';
    const content = respond(new URL(request.url), owner);
    if (content === null)
      return { status: 404, headers: {}, body: '{"success":false,"errors":[{"code":404,"message":"None."}]}' };
    return { status: 200, headers: {}, body: JSON.stringify({ success: true, ...content }) };
  };
  const dataSource = createDataSource({
    ...DEFAULT_CACHING,
    ...APP,
    baseUrl: 'https://api.test',
    attemptTimeoutMs: 10_000,
    totalTimeoutMs: 25_000,
    transport,
    clock,
    random: () => 0,
    requestsPerSecond: 0,
    ...options,
  });
  const operationOf = async (owner: string, signal = new AbortController().signal): Promise<Operation> =>
    dataSource.operation(await dataSource.account(`token-${owner}`), signal, () => {});
  return { clock, dataSource, urls, operationOf };
}

function respondAsOwner({ pathname, searchParams }: URL, owner: string): Content {
  const livestream = { id: 'live', name: `livestream of ${owner}`, status: 'LIVE', meeting_id: 'meet' };
  const session = { id: 'sess', livestream_id: 'live', err_message: `session of ${owner}` };
  if (pathname.endsWith('/active-livestream-session')) return { data: { livestream, session } };
  if (pathname.endsWith('/active-livestream')) return { data: livestream };
  if (pathname.includes('/livestreams/sessions/')) return { data: session };
  if (pathname.endsWith('/livestreams/live')) return { data: { livestream, session } };
  if (pathname.endsWith('/meetings/meet')) return { data: { id: 'meet', title: `meeting of ${owner}` } };
  if (pathname.endsWith('/meetings')) return { data: [{ id: 'meet', title: `meeting of ${owner}` }] };
  if (pathname.endsWith('/meetings/meet/livestream')) return { data: { livestreams: [livestream] } };
  const perPage = Number(searchParams.get('per_page'));
  const first = (Number(searchParams.get('page_no')) - 1) * perPage;
  const rows = Array.from({ length: perPage }, (_, row) => ({
    ...livestream,
    id: `row-${first + row}`,
    meeting_id: '',
  }));
  return { data: rows, paging: { start_offset: first + 1, total_count: 3000 } };
}
