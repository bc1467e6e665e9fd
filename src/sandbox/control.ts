import { RequestError, parseJson } from './input.ts';

/**
 * The functions of the control API by method and path. They get the JSON of the body (undefined if there is none), and return what is
 * sent as JSON. They throw a `RequestError`, which names the invalid key, and change nothing then.
 */
export type ControlActions = Record<string, (body: unknown) => unknown>;

/** Whether a path belongs to the control API, not to the simulated API. */
export function isControlPath(pathname: string): boolean {
  return pathname === '/__sandbox' || pathname.startsWith('/__sandbox/');
}

/** Handles a request to the control API, which uses JSON and needs no credential. */
export async function handleControlRequest(
  request: Request,
  pathname: string,
  actions: ControlActions,
): Promise<Response> {
  const text = await request.text();
  try {
    const action = actions[`${request.method} ${pathname.replace(/\/$/, '')}`];
    if (action === undefined) {
      throw new RequestError(`No such route. The control API has: ${Object.keys(actions).join(', ')}`, 404);
    }
    const body = parseJson(text);
    if (text !== '' && body === undefined) throw new RequestError('The body must be JSON');
    return Response.json(action(body));
  } catch (error) {
    if (error instanceof RequestError) return Response.json({ error: error.message }, { status: error.status });
    throw error;
  }
}
