import type { UserErrorCode } from '../generated/graphql.ts';
import { keepFocus } from '../ui/keepFocus.ts';
import { MeetingCheck } from './MeetingCheck.tsx';

/** What a mutation's caller has to handle, as in its payload. */
export interface UserError {
  readonly code: UserErrorCode;
  readonly message: string;
}

/** What has happened, and what to do about it. */
export interface ErrorText {
  readonly title: string;
  readonly advice: string;
}

interface Props {
  error: UserError;
  meetingId: string;
  /** What NOT_FOUND means for this mutation. */
  notFound: ErrorText;
  /** Lets the reader try again. */
  onReset: () => void;
  /** Called when the reader goes on to the livestream that the meeting has. */
  onLeave: () => void;
}

/** One face for each code: what has happened, and the way on. */
export function UserErrorNotice({ error: { code, message }, meetingId, notFound, onReset, onLeave }: Props) {
  const { title, advice, needsCheck } =
    code === 'NOT_FOUND' ? { ...notFound, needsCheck: null } : (FACES.get(code) ?? OTHER);
  return (
    <section className="notice" data-tone={code === 'OUTCOME_UNKNOWN' ? 'unknown' : 'error'} role="alert">
      <h3>{title}</h3>
      {advice !== '' && <p>{advice}</p>}
      <p className="notice-detail">
        {message} <code>{code}</code>
      </p>
      {needsCheck === null ? (
        <button type="button" onClick={keepFocus(onReset)}>
          OK
        </button>
      ) : (
        <MeetingCheck meetingId={meetingId} label={needsCheck} onReset={onReset} onLeave={onLeave} />
      )}
    </section>
  );
}

interface Face extends ErrorText {
  /** The label of the button that reads the meeting's livestream; null if that does not help. */
  needsCheck: string | null;
}

const OTHER: Face = { title: 'That did not work', advice: '', needsCheck: null };
const FACES: ReadonlyMap<UserErrorCode, Face> = new Map([
  [
    'CONFLICT',
    {
      title: 'This meeting is live already',
      advice: 'A meeting has one livestream at a time. Watch that one, or stop it first.',
      needsCheck: 'Show its livestream',
    },
  ],
  [
    'OUTCOME_UNKNOWN',
    {
      title: 'The outcome is unknown',
      advice: 'The request was sent, but its answer was lost. Look at the meeting before you try again.',
      needsCheck: 'Check the meeting',
    },
  ],
  ['BAD_USER_INPUT', { title: 'That is not possible', advice: '', needsCheck: null }],
]);
