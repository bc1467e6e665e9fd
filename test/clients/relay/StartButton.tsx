import { useState } from 'react';
import { graphql, useFragment, useMutation } from 'react-relay';

import { userErrorMessage } from '../errors.ts';
import { OperationError } from '../operationError.ts';
import type { StartButton_meeting$key } from './__generated__/StartButton_meeting.graphql';
import type { StartButtonMutation } from './__generated__/StartButtonMutation.graphql';

export function StartButton(props: { meeting: StartButton_meeting$key }) {
  const meeting = useFragment(
    graphql`
      fragment StartButton_meeting on Meeting {
        id
        title
      }
    `,
    props.meeting,
  );
  const [commit, isInFlight] = useMutation<StartButtonMutation>(graphql`
    mutation StartButtonMutation($input: StartLivestreamInput!) @raw_response_type {
      startLivestream(input: $input) {
        meeting {
          id
          activeLivestream {
            id
            name
            status
          }
        }
        userErrors {
          code
          message
        }
      }
    }
  `);
  const [problem, setProblem] = useState<string | null>(null);

  function start() {
    setProblem(null);
    commit({
      variables: { input: { meetingId: meeting.id, name: meeting.title } },
      optimisticResponse: {
        startLivestream: {
          meeting: {
            id: meeting.id,
            activeLivestream: { id: `starting-${meeting.id}`, name: meeting.title, status: 'INVOKED' },
          },
          userErrors: [],
        },
      },
      onCompleted: ({ startLivestream }, errors) => {
        const [userError] = startLivestream?.userErrors ?? [];
        if (userError) setProblem(userErrorMessage(userError));
        else if (errors?.[0]) setProblem(OperationError.from(errors[0]).message);
      },
      onError: (error) => setProblem(error.message),
    });
  }

  return (
    <>
      <button disabled={isInFlight} onClick={start}>
        Go live
      </button>
      {problem && <p role="alert">{problem}</p>}
    </>
  );
}
