import type { MouseEvent } from 'react';

/**
 * Returns a handler for clicks on a control that goes away, or is disabled, by `action`. It moves the control's focus to the part of
 * the page around it that has `tabIndex={-1}`. Otherwise the focus gets lost: screen readers start again at the top of the page.
 */
export function keepFocus(action: () => void = () => {}): (event: MouseEvent<HTMLElement>) => void {
  return ({ currentTarget }) => {
    if (document.activeElement === currentTarget) currentTarget.closest<HTMLElement>('[tabindex="-1"]')?.focus();
    action();
  };
}
