import { describe, expect, test } from 'vitest';

import { createLocalBudget } from '../../src/budget/localBudget.ts';
import { createAccounts } from '../../src/data/account.ts';
import { createFakeClock } from '../support/fakeClock.ts';

function createTestAccounts() {
  const budget = createLocalBudget(createFakeClock());
  const accounts = createAccounts({ createBudget: () => budget });
  /** Uses more other tokens than accounts are remembered. */
  async function useOthers(): Promise<void> {
    await Promise.all(Array.from({ length: 10_001 }, async (_, index) => accounts.forToken(`other ${index}`)));
  }
  return { accounts, useOthers };
}

describe('the account of a token that upstream has rejected', () => {
  test('never gets an earlier id again, although it was forgotten in the meantime', async () => {
    const { accounts, useOthers } = createTestAccounts();
    const first = await accounts.forToken('token');
    first.revoke();
    expect(first.isRevoked()).toBe(true);
    const second = await accounts.forToken('token');
    expect(second.id).not.toBe(first.id);
    await useOthers();
    expect(accounts.idOf(first.id)).toBeNull();
    expect((await accounts.forToken('token')).id).not.toBe(first.id);
  });

  test('gets a new id, although it had been forgotten when another replica used the token', async () => {
    const { accounts, useOthers } = createTestAccounts();
    const first = await accounts.forToken('token');
    await useOthers();
    accounts.revoke(first.id);
    expect((await accounts.forToken('token')).id).not.toBe(first.id);
  });

  test('gets a new id, although it was forgotten and used again before an earlier request was rejected', async () => {
    const { accounts, useOthers } = createTestAccounts();
    const first = await accounts.forToken('token');
    await useOthers();
    const second = await accounts.forToken('token');
    first.revoke();
    expect([first.isRevoked(), second.isRevoked()]).toEqual([true, true]);
    expect((await accounts.forToken('token')).id).not.toBe(second.id);
  });
});

test('an account that was forgotten has the same id again, so that its cached values are served, if no token was rejected', async () => {
  const { accounts, useOthers } = createTestAccounts();
  const { id } = await accounts.forToken('token');
  await useOthers();
  expect((await accounts.forToken('token')).id).toBe(id);
});

test('an account that was forgotten has the same id again, so that it has the same subscribers, if another token was rejected', async () => {
  const { accounts, useOthers } = createTestAccounts();
  const { id } = await accounts.forToken('token');
  (await accounts.forToken('rejected')).revoke();
  await useOthers();
  expect((await accounts.forToken('token')).id).toBe(id);
});
