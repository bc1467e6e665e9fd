import './dom.ts';

import { cleanup, configure, render } from '@testing-library/react';
import { type ReactNode, Suspense } from 'react';
import { RelayEnvironmentProvider } from 'react-relay';
import { onTestFinished } from 'vitest';

import type { TestGatewayOptions } from '../../support/gateway.ts';
import { APP_KEY, startTrustedGateway } from '../trustedGateway.ts';
import { createEnvironment } from './environment.ts';
import { ErrorBoundary, type FetchOptions } from './ErrorBoundary.tsx';

configure({ asyncUtilTimeout: 10_000 });

const MANIFEST = new URL('persisted-documents.json', import.meta.url);

interface Options extends TestGatewayOptions {
  token?: () => Promise<string>;
}

/** Starts a gateway that serves only what relay-compiler has persisted, and renders components that use it. */
export async function start({ token = async () => APP_KEY, ...options }: Options = {}) {
  const trusted = await startTrustedGateway(MANIFEST, options);
  const environment = createEnvironment({ url: trusted.url, token });
  return {
    ...trusted,
    environment,
    show(children: (options: FetchOptions) => ReactNode) {
      onTestFinished(cleanup);
      // #region app
      const app = (
        <RelayEnvironmentProvider environment={environment}>
          <ErrorBoundary>{(options) => <Suspense fallback="Loading …">{children(options)}</Suspense>}</ErrorBoundary>
        </RelayEnvironmentProvider>
      );
      // #endregion
      render(app, { onCaughtError: () => {} });
    },
  };
}
