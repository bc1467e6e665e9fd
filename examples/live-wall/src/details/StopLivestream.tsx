import { useMutation } from '@apollo/client/react';
import { useRef, useState } from 'react';

import { graphql } from '../generated/index.ts';
import { MutationProblem } from '../start/MutationProblem.tsx';

const NOTHING_TO_STOP = { title: 'There is nothing to stop', advice: 'The livestream has ended already.' };

/** One upstream request. Selecting the livestream would cost two more, and the subscription brings it anyway. */
const STOP_LIVESTREAM = graphql(`
  mutation StopLivestream($input: StopLivestreamInput!) {
    stopLivestream(input: $input) {
      userErrors {
        code
        message
      }
    }
  }
`);

const STOPPED = graphql(`
  fragment Stopped on Livestream {
    id
    status
  }
`);

interface Props {
  livestreamId: string;
  meetingId: string;
  /** Whether there is anything to stop. */
  isActive: boolean;
}

/**
 * The button that ends a livestream for all its viewers, once it is confirmed. Render it for a livestream that has ended, too: the
 * optimistic end of one that could not be stopped must not take the reason away.
 */
export function StopLivestream({ livestreamId, meetingId, isActive }: Props) {
  const region = useRef<HTMLDivElement>(null);
  const [isConfirming, setIsConfirming] = useState(false);
  const [stop, { data, error, loading, reset }] = useMutation(STOP_LIVESTREAM, {
    variables: { input: { meetingId } },
    // Optimistic: the livestream leaves the wall at once, and comes back if the stop fails.
    optimisticResponse: { stopLivestream: { __typename: 'StopLivestreamPayload', userErrors: [] } },
    update(cache, { data: result }) {
      if (result?.stopLivestream.userErrors.length !== 0) return;
      const from = { __typename: 'Livestream', id: livestreamId };
      cache.writeFragment({
        fragment: STOPPED,
        from,
        data: { __typename: 'Livestream', id: livestreamId, status: 'IDLE' },
      });
    },
    // The optimistic end has made the page read the sessions before the stop had ended the last one.
    refetchQueries: ['Sessions'],
    onError: () => {},
  });

  function answer(isConfirmed: boolean): void {
    // The buttons go away: without this, the focus would get lost with them.
    region.current?.focus();
    setIsConfirming(false);
    if (isConfirmed) void stop();
  }

  const userError = data?.stopLivestream.userErrors[0];
  const hasFailed = userError !== undefined || error !== undefined;

  return (
    <div ref={region} tabIndex={-1} className="stop">
      <MutationProblem
        error={error}
        userError={userError}
        meetingId={meetingId}
        what="The livestream was not stopped."
        notFound={NOTHING_TO_STOP}
        onReset={reset}
        onLeave={reset}
      />
      {isActive && !hasFailed && !isConfirming && (
        <button type="button" className="danger" disabled={loading} onClick={() => setIsConfirming(true)}>
          Stop livestream
        </button>
      )}
      {isActive && !hasFailed && isConfirming && (
        <div className="confirm" role="group" aria-label="Stop the livestream">
          <p>This ends the livestream for everyone who watches it.</p>
          {/* The focus was on the button that this one takes the place of. */}
          {/* oxlint-disable-next-line jsx-a11y/no-autofocus */}
          <button type="button" className="danger" autoFocus onClick={() => answer(true)}>
            Stop now
          </button>
          <button type="button" onClick={() => answer(false)}>
            Keep it live
          </button>
        </div>
      )}
    </div>
  );
}
