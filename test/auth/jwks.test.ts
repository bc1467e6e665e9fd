import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

import type { TestGateway } from '../support/gateway.ts';
import {
  ACCEPTED,
  KEYS_PATH,
  type Publishing,
  refused,
  signingKey,
  signToken,
  startGuarded,
  startIdentityProvider,
  startWithProvider,
  verdictOn,
} from '../support/identityProvider.ts';

const SECOND = 1000;
/** Longer than keys are believed without looking again. */
const LONG = 11 * 60 * SECOND;

// The machine's clock, which is what keys age by, stands still; timers go on.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

function pass(gateway: TestGateway, milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds);
  gateway.clock.advance(milliseconds);
}

/** The same as `startWithProvider`, with a token that outlasts all that passes here. */
async function start() {
  const { gateway, sign, ...rest } = await startWithProvider();
  const claims = { exp: gateway.clock.now() / SECOND + 86_400 };
  return { ...rest, gateway, sign: async (kid = 'a') => sign({ key: await signingKey(kid), claims }) };
}

/** The keys cannot be read and none are known: it is not the caller's fault, and may pass. */
const UNAVAILABLE = {
  status: 503,
  code: 'UPSTREAM_UNAVAILABLE',
  message: 'The keys that verify tokens are not available. Try again later.',
  challenge: null,
  requests: 0,
  shown: [],
};

const FAILURES: Publishing[] = ['error', 'reset', 'redirect', 'huge', 'html', 'truncated', 'not-keys', 'no-content'];

describe('published keys', () => {
  test('are read when the first token comes, and once for all that come with them', async () => {
    const { provider, gateway, sign } = await start();
    expect(provider.asked()).toEqual([]);
    const token = await sign();
    const verdicts = await Promise.all([1, 2, 3, 4].map(async () => verdictOn(gateway, token)));

    expect(verdicts).toEqual([ACCEPTED, ACCEPTED, ACCEPTED, ACCEPTED]);
    pass(gateway, 9 * 60 * SECOND);
    expect(await verdictOn(gateway, token)).toEqual(ACCEPTED);
    expect(provider.asked()).toEqual([KEYS_PATH]);
  });

  test('may be joined by a new one, which is accepted as soon as a token names it', async () => {
    const { provider, gateway, key, sign } = await start();
    expect(await verdictOn(gateway, await sign())).toEqual(ACCEPTED);
    provider.publish(key, await signingKey('b'));
    pass(gateway, 2 * SECOND);

    expect(await verdictOn(gateway, await sign('b'))).toEqual(ACCEPTED);
    expect(await verdictOn(gateway, await sign())).toEqual(ACCEPTED);
    expect(provider.asked()).toHaveLength(2);
  });

  test('may lose one, which is refused once they were read again', async () => {
    const { provider, gateway, sign } = await start();
    expect(await verdictOn(gateway, await sign())).toEqual(ACCEPTED);
    provider.publish(await signingKey('b'));
    pass(gateway, LONG);

    expect(await verdictOn(gateway, await sign())).toEqual(refused());
    expect(await verdictOn(gateway, await sign('b'))).toEqual(ACCEPTED);
  });

  test('are not read once for each token that names an unknown one', async () => {
    const { provider, gateway, sign } = await start();
    await verdictOn(gateway, await sign());
    const strangers = await Promise.all(Array.from({ length: 20 }, async (_, index) => sign(`stranger ${index % 2}`)));
    pass(gateway, 2 * SECOND);
    for (const token of strangers) expect(await verdictOn(gateway, token)).toEqual(refused());
    expect(provider.asked()).toHaveLength(2);
  });

  test('are asked for without anything of the caller', async () => {
    const sent: string[] = [];
    const provider = await startIdentityProvider();
    const key = await signingKey('a');
    provider.publish(key);
    const gateway = await startGuarded(provider.settings(), {
      intercept: (send) => async (request) => {
        if (request.url === provider.jwksUrl) sent.push(JSON.stringify(request.headers));
        return send(request);
      },
    });
    const token = await signToken({ key, now: gateway.clock.now() });
    expect(await verdictOn(gateway, token)).toEqual(ACCEPTED);

    expect(sent).toHaveLength(1);
    expect(sent[0]).not.toMatch(/authorization|bearer/i);
    expect(sent[0]).not.toContain(token);
  });
});

describe('where the keys cannot be read', () => {
  test.each(FAILURES)('before any is known, nobody is let in, nor told to sign in again: %s', async (failure) => {
    const { provider, gateway, sign } = await start();
    provider.be(failure);
    const verdict = await verdictOn(gateway, await sign());

    expect(verdict).toEqual(UNAVAILABLE);
    expect(new Set(provider.asked())).toEqual(new Set([KEYS_PATH]));
    expect(gateway.logs).toMatchObject([{ level: 'error', message: 'Cannot fetch the JWK Set.' }]);
    expect(JSON.stringify(gateway.logs)).not.toContain(new URL(provider.jwksUrl).host);
    provider.be('keys');
    pass(gateway, 60 * SECOND);
    expect(await verdictOn(gateway, await sign())).toEqual(ACCEPTED);
  });

  test.each(FAILURES)('those that are known go on being used, and no others: %s', async (failure) => {
    const { provider, gateway, sign } = await start();
    expect(await verdictOn(gateway, await sign())).toEqual(ACCEPTED);
    provider.publish(await signingKey('b'));
    provider.be(failure);
    pass(gateway, LONG);

    expect(await verdictOn(gateway, await sign())).toEqual(ACCEPTED);
    expect(await verdictOn(gateway, await sign('b'))).toEqual(refused());
    expect(new Set(gateway.logs.map(({ level }) => level))).toEqual(new Set(['warn']));
    provider.be('keys');
    pass(gateway, LONG);
    expect(await verdictOn(gateway, await sign())).toEqual(refused());
    expect(await verdictOn(gateway, await sign('b'))).toEqual(ACCEPTED);
  });

  /** In place of the timer that ends a look at the keys. */
  function holdTimeouts() {
    const held: AbortController[] = [];
    const asked: number[] = [];
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((milliseconds) => {
      const controller = new AbortController();
      held.push(controller);
      asked.push(milliseconds);
      return controller.signal;
    });
    return { held, asked };
  }
  const timeOut = (): DOMException => new DOMException('The operation was aborted due to timeout', 'TimeoutError');

  test('because they never come, the wait has an end', async () => {
    const timeouts = holdTimeouts();
    const { provider, gateway, sign } = await start();
    provider.be('hang');
    const verdict = verdictOn(gateway, await sign());
    await vi.waitFor(() => expect(provider.asked()).toHaveLength(1));
    for (const timeout of timeouts.held) timeout.abort(timeOut());

    expect(await verdict).toEqual(UNAVAILABLE);
    expect(timeouts.asked).toEqual([5 * SECOND]);
  });

  test('because they never come again, known ones are used after the wait', async () => {
    const timeouts = holdTimeouts();
    const { provider, gateway, sign } = await start();
    expect(await verdictOn(gateway, await sign())).toEqual(ACCEPTED);
    provider.be('hang');
    pass(gateway, LONG);
    const verdict = verdictOn(gateway, await sign());
    await vi.waitFor(() => expect(provider.asked()).toHaveLength(2));
    for (const timeout of timeouts.held) timeout.abort(timeOut());

    expect(await verdict).toEqual(ACCEPTED);
  });
});

test('a caller who is told to come back later is told so in the way of GraphQL', async () => {
  const { provider, gateway, sign } = await start();
  provider.be('error');
  const headers = { authorization: `Bearer ${await sign()}` };
  const { status, errors } = await gateway.send({ query: '{ __typename }' }, { headers });

  expect(status).toBe(503);
  expect(errors).toMatchObject([{ extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true } }]);
});
