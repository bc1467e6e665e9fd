import { keepFocus } from '../ui/keepFocus.ts';
import { Countdown, endOfWait } from './Countdown.tsx';
import type { Problem } from './describeError.ts';

interface Props {
  /** The error itself: its wait begins when it is first shown. */
  error: object;
  problem: Problem;
  /** What is missing, such as "Viewer time is missing". */
  what: string;
  /** Reads again. Called by itself after the wait that the gateway asks for. */
  onRetry: () => void;
}

/** An error of a part of the page, in place of the part. The rest stays as it is. */
export function InlineError({ error, problem: { code, message, retryAfterSeconds }, what, onRetry }: Props) {
  const until = endOfWait(error, retryAfterSeconds);
  return (
    <div className="inline-error" role="status">
      <p>
        {what}: {message} <code>{code}</code>
      </p>
      {until === null ? (
        <button type="button" className="link-button" onClick={keepFocus(onRetry)}>
          Try again
        </button>
      ) : (
        <p aria-hidden="true">
          Trying again in <Countdown key={until} until={until} onEnd={onRetry} />
        </p>
      )}
    </div>
  );
}
