import { type ReactNode, type RefObject, useId, useLayoutEffect, useRef } from 'react';

interface ModalProps {
  title: string;
  /** `drawer`: along the right edge; `dialog`: in the middle. */
  variant: 'drawer' | 'dialog';
  onClose: () => void;
  /** What gets the focus; by default the first element that can have it. */
  initialFocus?: RefObject<HTMLElement | null>;
  children: ReactNode;
}

/**
 * A modal `<dialog>`: the browser keeps the focus inside, closes it on Escape, and returns the focus to where it was. It is open
 * for as long as it is rendered.
 */
export function Modal({ title, variant, onClose, initialFocus, children }: ModalProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const isBackdropPressed = useRef(false);

  // A layout effect: a dialog that is closed only after it was removed does not give the focus back.
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    initialFocus?.current?.focus();
    return () => dialog?.close();
  }, [initialFocus]);

  return (
    // A click on the backdrop is one on the dialog itself; so is one that begins inside, as when text is selected, and ends outside.
    // For the keyboard there are Escape and the button.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
    <dialog
      ref={ref}
      className={`modal ${variant}`}
      aria-labelledby={titleId}
      onCancel={onClose}
      onPointerDown={(event) => {
        isBackdropPressed.current = event.target === event.currentTarget;
      }}
      onClick={(event) => isBackdropPressed.current && event.target === event.currentTarget && onClose()}
    >
      <div className="modal-body" tabIndex={-1}>
        <header className="modal-header">
          <h2 id={titleId}>{title}</h2>
          <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
            <span aria-hidden="true">×</span>
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
