import { useLazyQuery } from '@apollo/client/react';
import { useEffect } from 'react';

import { describeError, describeGraphQLError } from '../errors/describeError.ts';
import { InlineError } from '../errors/InlineError.tsx';
import { graphql } from '../generated/index.ts';
import { usePartialError } from '../graphql/partialErrors.ts';

/** Costs one upstream request, or two if the livestream was not read within the last 2 seconds. */
const SESSION_OF_LIVESTREAM = graphql(`
  query SessionOfLivestream($id: ID!) {
    livestream(id: $id) {
      id
      ...SessionFacts
    }
  }
`);

interface Props {
  livestreamId: string;
  /** Whether a query has tried to read the session. */
  isRead: boolean;
}

/** In place of the session's facts: reads the session if nobody has, or says why it is missing. The rest of the tile stays. */
export function MissingSession({ livestreamId, isRead }: Props) {
  const [readSession, { error: ownError, loading }] = useLazyQuery(SESSION_OF_LIVESTREAM, {
    fetchPolicy: 'network-only',
  });
  const read = (): void => void readSession({ variables: { id: livestreamId } });
  useEffect(() => {
    if (!isRead) void readSession({ variables: { id: livestreamId } });
  }, [isRead, livestreamId, readSession]);

  const partialError = usePartialError(livestreamId);
  const error = ownError ?? partialError;
  if (loading || (!isRead && error === undefined)) return <p className="facts-note">Reading its session…</p>;
  if (error === undefined) return <p className="facts-note">No session is running.</p>;
  const problem = ownError === undefined ? describeGraphQLError(error) : describeError(ownError);
  return <InlineError error={error} problem={problem} what="Viewer time is missing" onRetry={read} />;
}
