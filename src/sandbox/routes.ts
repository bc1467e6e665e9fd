import { dailyAnalytics, overallAnalytics } from './analytics.ts';
import { type Answer, Refusal } from './responses.ts';
import type { RestCall } from './restCall.ts';
import { listLivestreams, listLivestreamsOfMeeting, listMeetings } from './lists.ts';
import type { Livestream } from './records.ts';
import { paginate } from './paging.ts';
import { Writer } from './responseFormats.ts';
import { readStart } from './parseStart.ts';
import {
  addWebhook,
  editWebhook,
  listWebhooks,
  readOneWebhook,
  removeWebhook,
  replaceWebhook,
} from './webhooks/webhookRoutes.ts';

/** One call of the API: throws a `Refusal` where the API refuses. */
export interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The path below `/accounts/{account_id}/realtime/kit/{app_id}`. */
  template: string;
  handle(call: RestCall): Answer;
}

/** The API's calls. A template with fixed words stands before one that would match them as an id. */
export const ENDPOINTS: readonly Endpoint[] = [
  { method: 'GET', template: '/meetings', handle: listMeetings },
  { method: 'GET', template: '/meetings/{meeting_id}', handle: meeting },
  { method: 'GET', template: '/meetings/{meeting_id}/active-livestream', handle: activeLivestream },
  { method: 'POST', template: '/meetings/{meeting_id}/active-livestream/stop', handle: stop },
  { method: 'GET', template: '/meetings/{meeting_id}/livestream', handle: listLivestreamsOfMeeting },
  { method: 'POST', template: '/meetings/{meeting_id}/livestreams', handle: start },
  { method: 'GET', template: '/livestreams', handle: listLivestreams },
  { method: 'GET', template: '/livestreams/sessions/{livestream_session_id}', handle: session },
  { method: 'GET', template: '/livestreams/{livestream_id}', handle: livestream },
  { method: 'GET', template: '/livestreams/{livestream_id}/active-livestream-session', handle: activeSession },
  { method: 'GET', template: '/analytics/livestreams/overall', handle: overallAnalytics },
  { method: 'GET', template: '/analytics/livestreams/daywise', handle: dailyAnalytics },
  { method: 'GET', template: '/webhooks', handle: listWebhooks },
  { method: 'POST', template: '/webhooks', handle: addWebhook },
  { method: 'GET', template: '/webhooks/{webhook_id}', handle: readOneWebhook },
  { method: 'PUT', template: '/webhooks/{webhook_id}', handle: replaceWebhook },
  { method: 'PATCH', template: '/webhooks/{webhook_id}', handle: editWebhook },
  { method: 'DELETE', template: '/webhooks/{webhook_id}', handle: removeWebhook },
];

function meeting({ id, world, settings }: RestCall): Answer {
  const meeting = world.meeting(id);
  if (meeting === undefined) return { kind: 'nothing', message: 'Meeting not found' };
  return { kind: 'found', data: new Writer(world, settings.shapes).meeting(meeting) };
}

function activeLivestream({ id, world, settings }: RestCall): Answer {
  const active = world.activeLivestreamOf(id);
  if (active === undefined) return { kind: 'nothing', message: 'No active livestream found for this meeting' };
  return { kind: 'found', data: new Writer(world, settings.shapes).livestream(active) };
}

function activeSession({ id, world, settings }: RestCall): Answer {
  const livestream = world.livestream(id);
  const session = world.activeSessionOf(id);
  if (livestream === undefined || session === undefined) {
    return { kind: 'nothing', message: 'No active session found for this livestream' };
  }
  const writer = new Writer(world, settings.shapes, { numbers: 'string', disabled: 'word' });
  return { kind: 'found', data: { livestream: writer.livestream(livestream), session: writer.session(session) } };
}

function session({ id, world, settings }: RestCall): Answer {
  const session = world.session(id);
  if (session === undefined) return { kind: 'nothing', message: 'Livestream session not found' };
  // The only page on sessions that does not list `invoked_time`.
  return {
    kind: 'found',
    data: { ...new Writer(world, settings.shapes).session(session), invoked_time: undefined },
  };
}

function livestream(call: RestCall): Answer {
  const livestream = call.world.livestream(call.id);
  if (livestream === undefined) return { kind: 'nothing', message: 'Livestream not found' };
  const isFlat = call.settings.shapes.livestreamById === 'flat';
  return { kind: 'found', data: isFlat ? flatLivestream(livestream, call) : nestedLivestream(livestream, call) };
}

function flatLivestream(livestream: Livestream, { world, settings: { shapes } }: RestCall) {
  const writer = new Writer(world, shapes);
  const meters = shapes.optionalFields === 'missing' ? {} : writer.meters(world.sessionsOf(livestream.id));
  return { ...writer.livestream(livestream), ...meters };
}

/** Its sessions are paged, newest first, and the documented form has room for one. */
function nestedLivestream(livestream: Livestream, { world, query, settings: { shapes } }: RestCall) {
  const { rows, paging } = paginate(world.sessionsOf(livestream.id), query, shapes, 1);
  const [session] = rows;
  const writer = new Writer(world, shapes);
  return {
    livestream: writer.livestream(livestream),
    session: session === undefined ? null : writer.session(session),
    ...(shapes.paging === 'missing' ? {} : { paging }),
  };
}

function start({ id, body, world, settings }: RestCall): Answer {
  const { name } = readStart(body);
  if (world.meeting(id) === undefined) throw new Refusal(404, 404, 'Meeting not found');
  if (world.activeLivestreamOf(id) !== undefined) {
    throw new Refusal(409, 409, 'The meeting is already being livestreamed');
  }
  const started = world.start(id, { name, ...settings });
  return { kind: 'found', status: 201, data: new Writer(world, settings.shapes).started(started) };
}

function stop({ id, world }: RestCall): Answer {
  if (!world.stop(id)) throw new Refusal(404, 404, 'No active livestream found for this meeting');
  return { kind: 'found', data: { message: 'Livestream stopped successfully' } };
}
