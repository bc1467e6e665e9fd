import { elementOf } from './globals.ts';

export interface Notice {
  /** Shows a message until it is replaced, hidden or dismissed. Without focus: the user may be typing. */
  show: (message: string) => void;
  hide: () => void;
}

/** A line above GraphiQL that says what to do. */
export function createNotice(id: 'credential-notice' | 'link-notice'): Notice {
  const element = elementOf(id);
  const text = element.querySelector('p');
  const hide = (): void => {
    element.hidden = true;
  };
  element.querySelector('button')?.addEventListener('click', hide);
  return {
    show(message) {
      if (text !== null) text.textContent = message;
      element.hidden = false;
    },
    hide,
  };
}
