import { useMutation } from '@apollo/client/react';
import { type SubmitEvent, useId, useRef, useState } from 'react';

import { graphql } from '../generated/index.ts';
import { keepFocus } from '../ui/keepFocus.ts';
import { Modal } from '../ui/Modal.tsx';
import { MeetingPicker } from './MeetingPicker.tsx';
import { MutationProblem } from './MutationProblem.tsx';

const NO_MEETING = { title: 'This meeting does not exist', advice: 'It may have been deleted. Choose another one.' };

/** One upstream request: the response to a start contains all of this. */
const START_LIVESTREAM = graphql(`
  mutation StartLivestream($input: StartLivestreamInput!) {
    startLivestream(input: $input) {
      livestream {
        id
      }
      userErrors {
        code
        message
      }
    }
  }
`);

interface Props {
  onClose: () => void;
  /** Called with the id of the livestream that was started. */
  onStarted: (livestreamId: string) => void;
}

/** The dialog that starts a livestream in a meeting. A start is never repeated by itself: two starts could be two livestreams. */
export function StartLivestream({ onClose, onStarted }: Props) {
  const nameId = useId();
  const searchRef = useRef<HTMLInputElement>(null);
  const [meetingId, setMeetingId] = useState<string | null>(null);
  const [name, setName] = useState('');
  const [start, { data, error, loading, reset }] = useMutation(START_LIVESTREAM, {
    onCompleted: ({ startLivestream }) => {
      if (startLivestream.livestream != null) onStarted(startLivestream.livestream.id);
    },
    onError: () => {},
  });
  const userError = data?.startLivestream.userErrors[0];

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    if (meetingId === null) return;
    void start({ variables: { input: { meetingId, name: name.trim() === '' ? null : name.trim() } } });
  }

  function choose(id: string | null): void {
    // The outcome of a start that has been sent must be shown with its meeting.
    if (loading) return;
    setMeetingId(id);
    reset();
  }

  return (
    <Modal title="Start a livestream" variant="dialog" onClose={onClose} initialFocus={searchRef}>
      <form onSubmit={submit}>
        <MeetingPicker selectedId={meetingId} onSelect={choose} searchRef={searchRef} />
        <label htmlFor={nameId}>Name (optional)</label>
        <input
          id={nameId}
          value={name}
          maxLength={200}
          autoComplete="off"
          onChange={(event) => setName(event.target.value)}
        />
        {meetingId !== null && (
          <MutationProblem
            error={error}
            userError={userError}
            meetingId={meetingId}
            what="No livestream was started."
            notFound={NO_MEETING}
            onReset={reset}
            onLeave={onClose}
          />
        )}
        <div className="form-actions">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className="primary"
            onClick={keepFocus()}
            disabled={meetingId === null || loading || userError !== undefined || error !== undefined}
          >
            {loading ? 'Starting…' : 'Start livestream'}
          </button>
        </div>
      </form>
    </Modal>
  );
}
