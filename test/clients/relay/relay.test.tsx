import { start } from './start.tsx';

import { globSync } from 'node:fs';

import { fireEvent, screen } from '@testing-library/react';
import { describe, expect, test } from 'vitest';

import { APP_KEY, READER_KEY, UNKNOWN_KEY } from '../support/trustedGateway.ts';
import { Analytics } from './Analytics.tsx';
import { LivestreamListPage } from './LivestreamList.tsx';
import { LivestreamTitle } from './LivestreamTitle.tsx';
import { MeetingHistoryPage } from './MeetingHistory.tsx';
import { MeetingPage } from './MeetingPage.tsx';

describe('Relay', () => {
  test('pages through all livestreams', async () => {
    const { show } = await start();
    show((options) => <LivestreamListPage options={options} />);
    for (const count of [100, 200, 300]) {
      await screen.findByText(`${count} of 320 livestreams`);
      fireEvent.click(screen.getByText('More'));
    }
    await screen.findByText('320 of 320 livestreams');
    expect(screen.queryByText('More')).toBeNull();
    expect(screen.getAllByRole('listitem')).toHaveLength(320);
  });

  test('pages through the livestreams of a meeting, which the next page finds by its id', async () => {
    const { gateway, show } = await start();
    const { idleMeetingId } = gateway.exampleIds;
    for (const name of ['One', 'Two', 'Three']) {
      await gateway.rest(`/meetings/${idleMeetingId}/livestreams`, { name });
      await gateway.rest(`/meetings/${idleMeetingId}/active-livestream/stop`, {});
    }
    show(() => <MeetingHistoryPage meetingId={idleMeetingId} />);
    for (const count of [2, 4]) {
      await expect.poll(() => screen.queryAllByRole('listitem')).toHaveLength(count);
      fireEvent.click(screen.getByText('More'));
    }
    await expect.poll(() => screen.queryAllByRole('listitem')).toHaveLength(5);
    expect(screen.queryByText('More')).toBeNull();
  });

  test('shows a started livestream before the gateway responds, and then the actual one', async () => {
    const gate = Promise.withResolvers<void>();
    const { gateway, show } = await start({
      intercept: (send) => async (request) => {
        if (request.method === 'POST') await gate.promise;
        return send(request);
      },
    });
    const { idleMeetingId } = gateway.exampleIds;
    show((options) => <MeetingPage id={idleMeetingId} options={options} />);
    fireEvent.click(await screen.findByText('Go live'));
    expect(screen.getByRole('listitem').textContent).toMatch(/: INVOKED$/);
    expect(gateway.upstreamRequests()).not.toContain('POST /meetings/{meeting_id}/livestreams');
    gate.resolve();
    await expect.poll(() => screen.getByText('Go live').hasAttribute('disabled')).toBe(false);
    expect(screen.getByRole('listitem').textContent).toMatch(/: INVOKED$/);
    expect(gateway.upstreamRequests()).toContain('POST /meetings/{meeting_id}/livestreams');
    expect(screen.queryByRole('alert')).toBeNull();
  });

  test('shows the user what a CONFLICT means, and the livestream that is live', async () => {
    const { gateway, show } = await start();
    const { idleMeetingId } = gateway.exampleIds;
    show((options) => <MeetingPage id={idleMeetingId} options={options} />);
    const button = await screen.findByText('Go live');
    await gateway.rest(`/meetings/${idleMeetingId}/livestreams`, { name: 'Started elsewhere' });
    fireEvent.click(button);
    expect((await screen.findByRole('alert')).textContent).toBe('This meeting is live already.');
    expect(screen.getByRole('listitem').textContent).toBe('Started elsewhere: INVOKED');
  });

  test('takes the optimistic livestream back when the start is not allowed', async () => {
    const { gateway, show } = await start({ token: async () => READER_KEY });
    show((options) => <MeetingPage id={gateway.exampleIds.idleMeetingId} options={options} />);
    fireEvent.click(await screen.findByText('Go live'));
    expect((await screen.findByRole('alert')).textContent).toBe('You do not have permission for this.');
    expect(screen.getByText('Not live')).toBeTruthy();
  });

  test('shows a livestream that was started elsewhere, because a subscription delivers it', async () => {
    const { gateway, show } = await start();
    const { idleMeetingId } = gateway.exampleIds;
    show((options) => <MeetingPage id={idleMeetingId} options={options} />);
    await screen.findByText('Not live');
    await expect.poll(() => gateway.server.subscriptionCount()).toBe(1);
    await gateway.rest(`/meetings/${idleMeetingId}/livestreams`, { name: 'Started elsewhere' });
    const advanceAndRead = () => {
      gateway.clock.advance(1000);
      return screen.queryByRole('listitem')?.textContent;
    };
    await expect.poll(advanceAndRead, { interval: 10 }).toBe('Started elsewhere: LIVE');
  });

  test('shows the user that the session has ended when the gateway does not accept the credential', async () => {
    const { show } = await start({ token: async () => UNKNOWN_KEY });
    show((options) => <LivestreamListPage options={options} />);
    expect((await screen.findByRole('alert')).textContent).toBe('Your session has expired. Sign in again.');
    expect(screen.queryByText('Try again')).toBeNull();
  });

  test('shows the user that the session has ended when a subscription cannot be authenticated', async () => {
    const { gateway, show } = await start({ token: async (renew) => (renew ? APP_KEY : UNKNOWN_KEY) });
    show((options) => <MeetingPage id={gateway.exampleIds.idleMeetingId} options={options} />);
    expect((await screen.findByRole('alert')).textContent).toBe('Your session has expired. Sign in again.');
    expect(screen.getByText('Not live')).toBeTruthy();
  });

  test('gets a new token and repeats the request, once, when the gateway does not accept the token', async () => {
    const { show } = await start({ token: async (renew) => (renew ? APP_KEY : UNKNOWN_KEY) });
    show((options) => <LivestreamListPage options={options} />);
    await screen.findByText('100 of 320 livestreams');
  });

  test('offers to try again where the gateway says that this can help, and it does', async () => {
    const { gateway, show } = await start();
    gateway.sandbox.setFaults([{ kind: 'status', status: 503 }]);
    show((options) => <LivestreamListPage options={options} />);
    const button = await screen.findByText('Try again');
    expect(screen.getByRole('alert').textContent).toMatch(/^The livestream service is not available/);
    gateway.sandbox.setFaults([]);
    fireEvent.click(button);
    await screen.findByText('100 of 320 livestreams');
  });

  test('keeps the pages that it has, and explains why the next one is missing', async () => {
    const { gateway, show } = await start();
    show((options) => <LivestreamListPage options={options} />);
    const button = await screen.findByText('More');
    gateway.sandbox.setFaults([{ kind: 'status', status: 503 }]);
    fireEvent.click(button);
    expect((await screen.findByRole('alert')).textContent).toMatch(/^The livestream service is not available/);
    expect(screen.getAllByRole('listitem')).toHaveLength(100);
  });

  test('throws the error of a field with its code', async () => {
    const { gateway, show } = await start();
    gateway.sandbox.setFaults([{ kind: 'status', status: 503, route: '/analytics/livestreams/overall' }]);
    show((options) => <Analytics options={options} />);
    expect((await screen.findByRole('alert')).textContent).toMatch(/^The livestream service is not available/);
    gateway.sandbox.setFaults([]);
    fireEvent.click(screen.getByText('Try again'));
    await screen.findByText(/^\d+ livestreams, watched for \d+ hours$/);
    await screen.findByText(/^on \d+ days$/);
  });

  test('shows what there is when a field fails whose error is caught', async () => {
    const { gateway, show } = await start();
    gateway.sandbox.setFaults([{ kind: 'status', status: 503, route: '/analytics/livestreams/daywise' }]);
    show((options) => <Analytics options={options} />);
    await screen.findByText(/^\d+ livestreams, watched for \d+ hours$/);
    await screen.findByText('The days are not available.');
  });

  test('finds a livestream by its type and id in the store, so that it needs no request', async () => {
    const { gateway, environment, show } = await start();
    show((options) => <LivestreamListPage options={options} />);
    await screen.findByText('100 of 320 livestreams');
    const key = environment
      .getStore()
      .getSource()
      .getRecordIDs()
      .find((id) => id.startsWith('Livestream:'));
    const [, id = ''] = key?.split(':') ?? [];
    const operations = gateway.operationLogs.length;
    show(() => <LivestreamTitle id={id} />);
    expect(screen.getByRole('heading', { level: 1 }).textContent).toMatch(/\w/);
    expect(gateway.operationLogs).toHaveLength(operations);
  });
});

describe('trusted documents', () => {
  test('every operation that relay-compiler has compiled is served by its hash', async () => {
    const { documents, gateway } = await start();
    const compiled = globSync('__generated__/*{Query,Mutation,Subscription}.graphql.ts', { cwd: import.meta.dirname });
    expect(documents.size).toBe(compiled.length);
    const headers = { 'x-api-key': APP_KEY };
    for (const documentId of documents.keys()) {
      const { errors } = await gateway.send({ documentId, variables: {} }, { headers });
      expect(JSON.stringify(errors)).not.toContain('PERSISTED_QUERY');
    }
  });

  test('any other document is rejected', async () => {
    const { gateway } = await start();
    const { errors } = await gateway.send({ query: '{ __typename }' }, { headers: { 'x-api-key': APP_KEY } });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  });
});
