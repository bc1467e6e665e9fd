import { makeVar } from '@apollo/client';
import { useReactiveVar } from '@apollo/client/react';

const announcement = makeVar('');

/** Has screen readers say the text when they have finished what they are saying. */
export function announce(text: string): void {
  announcement(text);
}

/** The live region of the page. It must exist before the first announcement. */
export function Announcer() {
  return (
    <p className="visually-hidden" role="status">
      {useReactiveVar(announcement)}
    </p>
  );
}
