import { Component, type ReactNode } from 'react';
import type { FetchPolicy } from 'relay-runtime';

import { OperationError } from '../operationError.ts';

/** Options of `useLazyLoadQuery`. */
export interface FetchOptions {
  fetchKey: number;
  fetchPolicy: FetchPolicy;
}

interface Props {
  /** Renders the content. Its queries use these options, so that they fetch again after an error. */
  children: (options: FetchOptions) => ReactNode;
}

interface State {
  error: unknown;
  attempt: number;
}

export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: null, attempt: 0 };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error };
  }

  override render() {
    const { error, attempt } = this.state;
    // After an error, the store contains the failed field as null.
    const fetchPolicy = attempt === 0 ? 'store-or-network' : 'network-only';
    if (error === null) return this.props.children({ fetchKey: attempt, fetchPolicy });
    if (!(error instanceof OperationError)) return <p role="alert">Something went wrong.</p>;
    const retry = () => this.setState({ error: null, attempt: attempt + 1 });
    return (
      <div role="alert">
        <p>{error.message}</p>
        {error.retryable && <button onClick={retry}>Try again</button>}
      </div>
    );
  }
}
