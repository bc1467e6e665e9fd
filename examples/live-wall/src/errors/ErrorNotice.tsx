import type { ErrorLike } from '@apollo/client';

import { keepFocus } from '../ui/keepFocus.ts';
import { Countdown, endOfWait } from './Countdown.tsx';
import { describeError } from './describeError.ts';

interface ErrorNoticeProps {
  error: ErrorLike;
  /** What could not be done, such as "The livestreams could not be loaded." */
  what: string;
  /** Reads again, or lets the reader do so. Called by itself after the wait that the gateway asks for. */
  onRetry: () => void;
  /** Whether `onRetry` only lets the reader try again: what changes something is never repeated by itself. */
  isMutation?: boolean;
  /** The level of the title: below the heading of what the notice is a part of. Default: `h3`, below that of a section or dialog. */
  heading?: 'h2' | 'h3';
}

/** Says what failed, why, and what happens next. */
export function ErrorNotice({ error, what, onRetry, isMutation = false, heading: Heading = 'h3' }: ErrorNoticeProps) {
  const { code, title, message, isRetryable, retryAfterSeconds } = describeError(error);
  const until = endOfWait(error, retryAfterSeconds);
  const next = isMutation ? 'You can try again' : 'Trying again';

  return (
    <section className="notice" data-tone={until === null ? 'error' : 'wait'} role="alert">
      <Heading>{title}</Heading>
      <p>{what}</p>
      <p className="notice-detail">
        {message} <code>{code}</code>
      </p>
      {until !== null && (
        <p>
          <span className="visually-hidden">
            {next} in {retryAfterSeconds} seconds.
          </span>
          <strong aria-hidden="true">
            {next} in <Countdown key={until} until={until} onEnd={onRetry} />
          </strong>
        </p>
      )}
      {until === null && (isRetryable || isMutation) && (
        <button type="button" onClick={keepFocus(onRetry)}>
          {isMutation ? 'OK' : 'Try again'}
        </button>
      )}
    </section>
  );
}
