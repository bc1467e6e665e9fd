import '../support/dom.ts';

import { cleanup, configure, render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { onTestFinished } from 'vitest';

import type { TestGatewayOptions } from '../../support/gateway.ts';
import { APP_KEY, startTrustedGateway } from '../support/trustedGateway.ts';
import type { Token } from '../authorizedFetch.ts';
import { App } from './App.tsx';
import { createEnvironment } from './environment.ts';
import type { FetchOptions } from './ErrorBoundary.tsx';

configure({ asyncUtilTimeout: 10_000 });

const MANIFEST = new URL('persisted-documents.json', import.meta.url);

interface Options extends TestGatewayOptions {
  token?: Token;
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
      render(<App environment={environment}>{children}</App>, { onCaughtError: () => {} });
    },
  };
}
