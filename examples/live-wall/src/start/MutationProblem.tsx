import type { ErrorLike } from '@apollo/client';

import { describeError } from '../errors/describeError.ts';
import { ErrorNotice } from '../errors/ErrorNotice.tsx';
import { type ErrorText, type UserError, UserErrorNotice } from './UserErrorNotice.tsx';

interface Props {
  /** Why the mutation failed as a whole, if it did. */
  error: ErrorLike | undefined;
  /** The first error in its payload, if there is one. */
  userError: UserError | undefined;
  meetingId: string;
  /** What did not happen, such as "No livestream was started." */
  what: string;
  /** What NOT_FOUND means for this mutation. */
  notFound: ErrorText;
  /** Lets the reader try again. */
  onReset: () => void;
  /** Called when the reader goes on to the livestream that the meeting has. */
  onLeave: () => void;
}

/** What went wrong with a start or a stop; nothing if nothing did. */
export function MutationProblem({ error, userError, meetingId, what, notFound, onReset, onLeave }: Props) {
  const problem = error === undefined ? undefined : describeError(error);
  // The gateway may have done it before the connection broke.
  const lost: UserError | undefined =
    problem?.code === 'NETWORK' ? { code: 'OUTCOME_UNKNOWN', message: 'The gateway did not answer.' } : undefined;
  const shown = userError ?? lost;
  if (shown === undefined && error === undefined) return null;
  return (
    // In a dialog that is higher than the window, the notice could be out of sight.
    <div ref={scrollIntoView}>
      {shown !== undefined && (
        <UserErrorNotice error={shown} meetingId={meetingId} notFound={notFound} onReset={onReset} onLeave={onLeave} />
      )}
      {shown === undefined && error !== undefined && (
        <ErrorNotice error={error} what={what} onRetry={onReset} isMutation />
      )}
    </div>
  );
}

function scrollIntoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: 'nearest' });
}
