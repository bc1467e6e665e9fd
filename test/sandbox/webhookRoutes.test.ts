import { describe, expect, test } from 'vitest';
import { getAt, stringMatching, assertArray, serveSandbox } from './serveSandbox.ts';

const WEBHOOK = {
  name: 'Livestreams',
  url: 'https://gateway.example/webhooks/realtimekit',
  events: ['livestreaming.statusUpdate', 'meeting.ended'],
};

async function register(settings: Parameters<typeof serveSandbox>[0] = {}) {
  const served = await serveSandbox(settings);
  const { status, body } = await served.post('/webhooks', WEBHOOK);
  return { ...served, status, body, path: `/webhooks/${String(getAt(body, 'data', 'id'))}` };
}

describe('a webhook', () => {
  test('is registered with 201, enabled by default, and can be read and listed', async () => {
    const { status, body, path, get, post, clock } = await register();
    const now = new Date(clock.now()).toISOString();
    expect(status).toBe(201);
    expect(body).toEqual({
      success: true,
      data: { id: stringMatching(/^[0-9a-f-]{36}$/), ...WEBHOOK, enabled: true, created_at: now, updated_at: now },
    });
    const second = await post('/webhooks', { ...WEBHOOK, enabled: false });
    expect(getAt(second.body, 'data', 'enabled')).toBe(false);
    expect((await get(path)).body).toEqual(body);
    expect((await get('/webhooks')).body).toEqual({
      success: true,
      data: [getAt(body, 'data'), getAt(second.body, 'data')],
    });
  });

  test('is replaced by PUT, and changed partly by PATCH', async () => {
    const { body, path, get, send, clock } = await register();
    clock.advance(1000);
    const patched = await send('PATCH', path, { enabled: false });
    const { data } = { data: { id: getAt(body, 'data', 'id'), created_at: getAt(body, 'data', 'created_at') } };
    expect(patched.status).toBe(200);
    expect(getAt(patched.body, 'data')).toEqual({
      ...data,
      ...WEBHOOK,
      enabled: false,
      updated_at: new Date(clock.now()).toISOString(),
    });
    const other = { name: 'Others', url: 'http://127.0.0.1:9/', events: ['meeting.started'] };
    const replaced = await send('PUT', path, other);
    expect(getAt(replaced.body, 'data')).toMatchObject({ ...data, ...other, enabled: true });
    expect((await get(path)).body).toEqual(replaced.body);
  });

  test('is returned by its deletion, and does not exist afterwards', async () => {
    const { body, path, get, send } = await register();
    expect(await send('DELETE', path)).toMatchObject({ status: 200, body });
    expect(getAt((await get('/webhooks')).body, 'data')).toEqual([]);
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const response = await send(method, path, method === 'GET' ? undefined : WEBHOOK);
      expect([method, response.status]).toEqual([method, 404]);
    }
  });

  test('can have the URL of another webhook', async () => {
    const { get, post } = await register();
    expect((await post('/webhooks', WEBHOOK)).status).toBe(201);
    expect(assertArray(getAt((await get('/webhooks')).body, 'data'))).toHaveLength(2);
  });

  test('is not visible to another app', async () => {
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
  ])('is rejected with 400 for the body %j', async (body, key) => {
    const { get, post, send, path } = await register();
    const before = (await get('/webhooks')).body;
    for (const response of [await post('/webhooks', body), await send('PUT', path, body)]) {
      expect(response.status).toBe(400);
      expect(getAt(response.body, 'error', 'message')).toContain(key);
    }
    expect((await get('/webhooks')).body).toEqual(before);
  });

  test('has the format of the setting responseFormats', async () => {
    const bare = await register({ responseFormats: { optionalFields: 'missing', envelope: 'result' } });
    expect(getAt((await bare.get('/webhooks')).body, 'result')).toEqual([{ id: stringMatching(/./) }]);
    const gone = await serveSandbox({ responseFormats: { notFound: 'null', errors: 'errors' } });
    expect(await gone.get('/webhooks/none')).toMatchObject({ status: 200, body: { success: true, data: null } });
    expect((await gone.send('DELETE', '/webhooks/none')).body).toMatchObject({ errors: [{ code: 404 }] });
  });

  test('is removed by a reset', async () => {
    const { get, control } = await register();
    await control('POST', '/__sandbox/reset');
    expect(getAt((await get('/webhooks')).body, 'data')).toEqual([]);
  });
});
