/** Returns the user's credential; a new one if `renew` is true, because the gateway has not accepted the current one. */
export type Token = (renew: boolean) => Promise<string>;

/** Returns a `fetch` that sends the user's credential. If the gateway does not accept it, sends the request again, once, with a new one. */
export function authorizedFetch(token: Token): typeof fetch {
  return async (input, init) => {
    const send = async (renew: boolean): Promise<Response> => {
      const headers = new Headers(init?.headers);
      headers.set('authorization', `Bearer ${await token(renew)}`);
      return fetch(input, { ...init, headers });
    };
    const response = await send(false);
    return response.status === 401 ? send(true) : response;
  };
}
