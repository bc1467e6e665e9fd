import * as v from 'valibot';

import { dailyAnalytics, overallAnalytics } from './analytics.ts';
import { RequestError, lenientObject, parseInput, requireFound, string } from './input.ts';
import { listLivestreams, listLivestreamsOfMeeting, listMeetings } from './lists.ts';
import { paginate } from './paging.ts';
import type { DocumentedTypes } from './responseFormats.ts';
import type { EndpointResult, RestCall } from './restCall.ts';
import { WEBHOOK_EVENTS } from './webhooks/registry.ts';
import {
  addWebhook,
  editWebhook,
  listWebhooks,
  getWebhook,
  removeWebhook,
  replaceWebhook,
} from './webhooks/webhookRoutes.ts';

/** An endpoint of the API. */
interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The path below `/accounts/{account_id}/realtime/kit/{app_id}`. */
  template: string;
  /** Handles a request; throws a `RequestError` if the API rejects it. */
  handle(call: RestCall): EndpointResult;
  /** The status of its successful response, instead of 200. */
  status?: 201;
  types?: DocumentedTypes;
}

/** The API's endpoints. A template with a fixed segment must come before one that would match the segment as an id. */
const ENDPOINTS: readonly Endpoint[] = [
  { method: 'GET', template: '/meetings', handle: listMeetings },
  { method: 'GET', template: '/meetings/{meeting_id}', handle: meeting },
  { method: 'GET', template: '/meetings/{meeting_id}/active-livestream', handle: activeLivestream },
  { method: 'POST', template: '/meetings/{meeting_id}/active-livestream/stop', handle: stop },
  {
    method: 'GET',
    template: '/meetings/{meeting_id}/livestream',
    handle: listLivestreamsOfMeeting,
    types: { numbers: 'string', disabled: 'boolean' },
  },
  { method: 'POST', template: '/meetings/{meeting_id}/livestreams', handle: start, status: 201 },
  { method: 'GET', template: '/livestreams', handle: listLivestreams },
  { method: 'GET', template: '/livestreams/sessions/{livestream_session_id}', handle: session },
  { method: 'GET', template: '/livestreams/{livestream_id}', handle: livestream },
  {
    method: 'GET',
    template: '/livestreams/{livestream_id}/active-livestream-session',
    handle: activeSession,
    types: { numbers: 'string' },
  },
  { method: 'GET', template: '/analytics/livestreams/overall', handle: overallAnalytics },
  { method: 'GET', template: '/analytics/livestreams/daywise', handle: dailyAnalytics },
  { method: 'GET', template: '/webhooks', handle: listWebhooks },
  { method: 'POST', template: '/webhooks', handle: addWebhook, status: 201 },
  { method: 'GET', template: '/webhooks/all', handle: () => ({ data: WEBHOOK_EVENTS }) },
  { method: 'GET', template: '/webhooks/{webhook_id}', handle: getWebhook },
  { method: 'PUT', template: '/webhooks/{webhook_id}', handle: replaceWebhook },
  { method: 'PATCH', template: '/webhooks/{webhook_id}', handle: editWebhook },
  { method: 'DELETE', template: '/webhooks/{webhook_id}', handle: removeWebhook },
];

/** The endpoint of a request; if there is none, 405 if the path exists with another method, else 404. */
export type Match = { endpoint: Endpoint; appId: string; id: string } | { endpoint: undefined; status: 404 | 405 };

const BASE = /^\/client\/v4\/accounts\/[^/]+\/realtime\/kit\/([^/]+)(\/.*)$/;

const ROUTES = ENDPOINTS.map((endpoint) => ({
  endpoint,
  pattern: new RegExp(`^${endpoint.template.replace(/\{\w+\}/, '([^/]+)')}$`),
}));

/** The path of the public key for webhook signatures, relative to the origin, not to the API. */
export const WEBHOOK_KEY_PATH = '/.well-known/webhooks.json';

/** The API's route templates, which the request log and faults use. */
export const ROUTE_TEMPLATES: readonly string[] = [...new Set(ENDPOINTS.map((endpoint) => endpoint.template))];

/** Finds the endpoint of a path, for any account and any app. */
export function matchRoute(method: string, pathname: string): Match {
  const [, appId = '', path = ''] = BASE.exec(pathname) ?? [];
  const routes = ROUTES.filter(({ pattern }) => pattern.test(path));
  const route = routes.find(({ endpoint }) => endpoint.method === method);
  if (route === undefined) return { endpoint: undefined, status: routes.length > 0 ? 405 : 404 };
  return { endpoint: route.endpoint, appId, id: route.pattern.exec(path)?.[1] ?? '' };
}

const PIXELS = 'must be a positive number';
const pixels = v.exactOptional(v.pipe(v.number(PIXELS), v.gtValue(0, PIXELS)));
const START = lenientObject({
  name: v.exactOptional(string),
  video_config: v.exactOptional(lenientObject({ width: pixels, height: pixels })),
});

function meeting({ id, world, writer }: RestCall): EndpointResult {
  return { data: writer.meeting(requireFound(world.meetings.get(id), 'Meeting not found')) };
}

function activeLivestream({ id, world, writer }: RestCall): EndpointResult {
  const active = requireFound(world.activeLivestreamOf(id), 'No active livestream found for this meeting');
  return { data: writer.livestream(active) };
}

function activeSession({ id, world, writer }: RestCall): EndpointResult {
  const message = 'No active session found for this livestream';
  const livestream = requireFound(world.livestreams.get(id), message);
  const session = requireFound(world.activeSessionOf(id), message);
  return { data: { livestream: writer.livestream(livestream), session: writer.session(session) } };
}

function session({ id, world, writer }: RestCall): EndpointResult {
  const session = requireFound(world.sessions.get(id), 'Livestream session not found');
  // The documentation of this endpoint is the only one that does not list `invoked_time` for a session.
  return { data: { ...writer.session(session), invoked_time: undefined } };
}

/** The documented format is the livestream with a page of its sessions, latest first, which has room for one session. */
function livestream({ id, query, world, writer, formats }: RestCall): EndpointResult {
  const livestream = writer.livestream(requireFound(world.livestreams.get(id), 'Livestream not found'));
  const sessions = world.sessionsOf(id);
  if (formats.livestreamById === 'flat') return { data: { ...livestream, ...writer.meters(sessions) } };
  const { rows, paging } = paginate(sessions, query, formats, 1);
  const [session] = rows.map((row) => writer.session(row));
  return { data: { livestream, session: session ?? null, paging } };
}

function start({ id, body, world, writer, settings }: RestCall): EndpointResult {
  const { name } = parseInput(START, body);
  requireFound(world.meetings.get(id), 'Meeting not found');
  if (world.activeLivestreamOf(id) !== undefined) {
    throw new RequestError('The meeting is already being livestreamed', 409);
  }
  return { data: writer.started(world.start(id, name, settings)) };
}

function stop({ id, world }: RestCall): EndpointResult {
  if (!world.stop(id)) throw new RequestError('No active livestream found for this meeting', 404);
  return { data: { message: 'Livestream stopped successfully' } };
}
