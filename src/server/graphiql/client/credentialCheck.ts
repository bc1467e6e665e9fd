import { type Credential, headersIn } from './credential.ts';

/** How long after a change of the headers their credential is checked, so that this happens once the user stops typing. */
const TYPING_PAUSE_MS = 600;

/**
 * Returns a listener for the text of the headers editor. It calls `check` with the headers after the user has changed them, unless they
 * lack a credential or were the last to be checked.
 */
export function createCredentialCheck(
  { isBlank }: Pick<Credential, 'isBlank'>,
  check: (headers: Headers) => void,
): (headersText: string) => void {
  let checked: string | null = null;
  let timer: number | undefined;
  return (headersText) => {
    window.clearTimeout(timer);
    const headers = headersIn(headersText);
    if (isBlank(headers)) return;
    timer = window.setTimeout(() => {
      const entries = JSON.stringify([...headers]);
      if (entries === checked) return;
      checked = entries;
      check(headers);
    }, TYPING_PAUSE_MS);
  };
}
