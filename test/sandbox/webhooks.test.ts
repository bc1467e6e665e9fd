import { describe, expect, test } from 'vitest';
import { at, matching, rows, serve } from './support.ts';

const WEBHOOK = {
  name: 'Livestreams',
  url: 'https://gateway.example/webhooks/realtimekit',
  events: ['livestreaming.statusUpdate', 'meeting.ended'],
};

async function register(settings: Parameters<typeof serve>[0] = {}) {
  const served = await serve(settings);
  const { status, body } = await served.post('/webhooks', WEBHOOK);
  return { ...served, status, body, path: `/webhooks/${String(at(body, 'data', 'id'))}` };
}

describe('a webhook', () => {
  test('is registered with 201, enabled unless told otherwise, and can be read back and listed', async () => {
    const { status, body, path, get, post, clock } = await register();
    const now = new Date(clock.now()).toISOString();
    expect(status).toBe(201);
    expect(body).toEqual({
      success: true,
      data: { id: matching(/^[0-9a-f-]{36}$/), ...WEBHOOK, enabled: true, created_at: now, updated_at: now },
    });
    const second = await post('/webhooks', { ...WEBHOOK, enabled: false });
    expect(at(second.body, 'data', 'enabled')).toBe(false);
    expect((await get(path)).body).toEqual(body);
    expect((await get('/webhooks')).body).toEqual({ success: true, data: [at(body, 'data'), at(second.body, 'data')] });
  });

  test('is replaced by PUT, and changed in part by PATCH', async () => {
    const { body, path, get, send, clock } = await register();
    clock.advance(1000);
    const patched = await send('PATCH', path, { enabled: false });
    const { data } = { data: { id: at(body, 'data', 'id'), created_at: at(body, 'data', 'created_at') } };
    expect(patched.status).toBe(200);
    expect(at(patched.body, 'data')).toEqual({
      ...data,
      ...WEBHOOK,
      enabled: false,
      updated_at: new Date(clock.now()).toISOString(),
    });
    const other = { name: 'Others', url: 'http://127.0.0.1:9/', events: ['meeting.started'] };
    const replaced = await send('PUT', path, other);
    expect(at(replaced.body, 'data')).toMatchObject({ ...data, ...other, enabled: true });
    expect((await get(path)).body).toEqual(replaced.body);
  });

  test('is told once more when it is deleted, and then gone', async () => {
    const { body, path, get, send } = await register();
    expect(await send('DELETE', path)).toMatchObject({ status: 200, body });
    expect(at((await get('/webhooks')).body, 'data')).toEqual([]);
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await send(method, path, method === 'GET' ? undefined : WEBHOOK);
      expect([method, answer.status]).toEqual([method, 404]);
    }
  });

  test('may have the URL of another one', async () => {
    const { get, post } = await register();
    expect((await post('/webhooks', WEBHOOK)).status).toBe(201);
    expect(rows(at((await get('/webhooks')).body, 'data'))).toHaveLength(2);
  });

  test("is not seen from another app's paths", async () => {
    const { url, path } = await register();
    const headers = { authorization: 'Bearer t' };
    const app = `${url}/accounts/an-account/realtime/kit/another-app`;
    expect(await (await fetch(`${app}/webhooks`, { headers })).json()).toEqual({ success: true, data: [] });
    expect((await fetch(`${app}${path}`, { headers, method: 'DELETE' })).status).toBe(404);
  });

  test.each([
    [[], 'JSON object'],
    [{ ...WEBHOOK, name: 5 }, 'name'],
    [{ ...WEBHOOK, name: undefined }, 'name'],
    [{ ...WEBHOOK, url: 'gateway.example' }, 'url'],
    [{ ...WEBHOOK, url: 'ftp://gateway.example/' }, 'url'],
    [{ ...WEBHOOK, url: 'http://' }, 'url'],
    [{ ...WEBHOOK, url: undefined }, 'url'],
    [{ ...WEBHOOK, events: 'meeting.ended' }, 'events'],
    [{ ...WEBHOOK, events: [] }, 'events'],
    [{ ...WEBHOOK, events: ['livestream.started'] }, 'events'],
    [{ ...WEBHOOK, events: undefined }, 'events'],
    [{ ...WEBHOOK, enabled: 'yes' }, 'enabled'],
  ])('is refused with 400 where the body is %j', async (body, named) => {
    const { get, post, send, path } = await register();
    const before = (await get('/webhooks')).body;
    for (const answer of [await post('/webhooks', body), await send('PUT', path, body)]) {
      expect(answer.status).toBe(400);
      expect(at(answer.body, 'error', 'message')).toContain(named);
    }
    expect((await get('/webhooks')).body).toEqual(before);
  });

  test('takes the forms that the shapes ask for', async () => {
    const bare = await register({ responseFormats: { optionalFields: 'missing', envelope: 'result' } });
    expect(at((await bare.get('/webhooks')).body, 'result')).toEqual([{ id: matching(/./) }]);
    const gone = await serve({ responseFormats: { notFound: 'null', errors: 'errors' } });
    expect(await gone.get('/webhooks/none')).toMatchObject({ status: 200, body: { success: true, data: null } });
    expect((await gone.send('DELETE', '/webhooks/none')).body).toMatchObject({ errors: [{ code: 404 }] });
  });

  test('is forgotten at a reset', async () => {
    const { get, control } = await register();
    await control('POST', '/__sandbox/reset');
    expect(at((await get('/webhooks')).body, 'data')).toEqual([]);
  });
});
