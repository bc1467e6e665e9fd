import { type ReactNode, Suspense } from 'react';
import { RelayEnvironmentProvider } from 'react-relay';
import type { Environment } from 'relay-runtime';

import { ErrorBoundary, type FetchOptions } from './ErrorBoundary.tsx';

interface Props {
  environment: Environment;
  children: (options: FetchOptions) => ReactNode;
}

export function App({ environment, children }: Props) {
  return (
    <RelayEnvironmentProvider environment={environment}>
      <ErrorBoundary>{(options) => <Suspense fallback="Loading …">{children(options)}</Suspense>}</ErrorBoundary>
    </RelayEnvironmentProvider>
  );
}
