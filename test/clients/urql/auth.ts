import type { Exchange } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';

import { gatewayErrors } from './errors';

export interface Credentials {
  /** Returns the access token, a new one if the last one has expired. */
  token: () => string | Promise<string>;
  /** Gets a new access token, which `token` then returns, because the gateway has rejected the last one. */
  refresh: () => Promise<void>;
}

/** Sends the access token; if it has expired, gets a new one and sends the operation again, once. */
export const createAuthExchange = ({ token, refresh }: Credentials): Exchange =>
  authExchange(async ({ appendHeaders }) => {
    let current = await token();
    return {
      addAuthToOperation: (operation) => appendHeaders(operation, { authorization: `Bearer ${current}` }),
      didAuthError: (error) => gatewayErrors(error).some(({ code }) => code === 'UNAUTHENTICATED'),
      async refreshAuth() {
        await refresh();
        current = await token();
      },
    };
  });
