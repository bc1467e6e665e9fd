import type { BenchSandbox } from './benchUpstreams.ts';
import { listAt, stringAt } from './jsonPath.ts';

export interface LiveLivestream {
  id: string;
  meetingId: string;
}

/** Returns `count` live livestreams that belong to meetings, after starting those that are missing. */
export async function ensureLiveLivestreams(sandbox: BenchSandbox, count: number): Promise<LiveLivestream[]> {
  const meetings = listAt(await callApi(sandbox, 'GET', '/meetings?per_page=100'), 'data');
  const existing = await fetchLiveLivestreams(sandbox);
  for (const meeting of meetings.slice(0, Math.max(0, 2 * (count - existing.length)))) {
    await callApi(sandbox, 'POST', `/meetings/${stringAt(meeting, 'id')}/livestreams`, {}).catch(() => null);
  }
  const all = existing.length < count ? await fetchLiveLivestreams(sandbox) : existing;
  if (all.length < count) throw new Error(`Only ${all.length} livestreams are live.`);
  return all.slice(0, count);
}

async function fetchLiveLivestreams(sandbox: BenchSandbox): Promise<LiveLivestream[]> {
  const path = '/livestreams?status=LIVE&exclude_meetings=false&per_page=100';
  const pages = await Promise.all([1, 2].map(async (page) => callApi(sandbox, 'GET', `${path}&page_no=${page}`)));
  return pages
    .flatMap((page) => listAt(page, 'data'))
    .flatMap((row) =>
      typeof row === 'object' && row !== null && 'meeting_id' in row && typeof row.meeting_id === 'string'
        ? [{ id: stringAt(row, 'id'), meetingId: row.meeting_id }]
        : [],
    );
}

/** Lets the sandbox send webhooks of status changes to a URL. */
export async function registerWebhook(sandbox: BenchSandbox, url: string): Promise<void> {
  await callApi(sandbox, 'POST', '/webhooks', { name: 'bench', url, events: ['livestreaming.statusUpdate'] });
}

/** Calls the sandbox's REST API as another app does: with a quota of its own. Rejects if the response is not OK. */
export async function callApi({ env }: BenchSandbox, method: string, path: string, content?: object): Promise<unknown> {
  const { CLOUDFLARE_BASE_URL: base, CLOUDFLARE_ACCOUNT_ID: account, REALTIMEKIT_APP_ID: app } = env;
  const response = await fetch(`${base}/accounts/${account}/realtime/kit/${app}${path}`, {
    method,
    headers: { authorization: 'Bearer bench-observer', 'content-type': 'application/json' },
    ...(content === undefined ? {} : { body: JSON.stringify(content) }),
  });
  if (!response.ok) throw new Error(`The sandbox responded to ${method} ${path} with ${response.status}.`);
  return response.json();
}
