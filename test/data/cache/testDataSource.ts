import { type CachingSettings, DEFAULT_CACHING } from '../../../src/data/cachingSettings.ts';
import { createDataSource } from '../../../src/data/dataSource.ts';
import type { Operation } from '../../../src/data/operation.ts';
import type { TransportRequest, TransportResponse } from '../../../src/realtimekit/transport.ts';
import { createFakeClock } from '../../support/fakeClock.ts';
import { APP } from '../../support/upstream.ts';

export type TestDataSource = ReturnType<typeof createTestDataSource>;

/** A data source over an API that returns the same ids for every token, with texts that name the token's owner. */
export function createTestDataSource(caching: Partial<CachingSettings> = {}) {
  const clock = createFakeClock();
  const urls: string[] = [];
  const transport = async (request: TransportRequest): Promise<TransportResponse> => {
    urls.push(request.url);
    const owner = request.headers['authorization']?.replace('Bearer token-', '') ?? 'nobody';
    return { status: 200, headers: {}, body: JSON.stringify({ success: true, ...responseOf(request.url, owner) }) };
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
    ...caching,
  });
  const operationOf = async (owner: string, signal = new AbortController().signal): Promise<Operation> =>
    dataSource.operation(await dataSource.account(`token-${owner}`), signal, () => {});
  return { clock, dataSource, urls, operationOf };
}

function responseOf(url: string, owner: string): { data: unknown; paging?: unknown } {
  const { pathname, searchParams } = new URL(url);
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
