import { type ReactNode, type SubmitEvent, useEffect, useId, useRef } from 'react';

type Props = {
  readonly title: string;
  /** What the button that goes on says. */
  readonly confirm: string;
  readonly dangerous?: boolean;
  readonly busy: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  readonly children: ReactNode;
};

/** A question over the page. The browser keeps the focus inside, and Escape closes it. */
export function Dialog({ title, confirm, dangerous = false, busy, onConfirm, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    onConfirm();
  };
  return (
    <dialog ref={dialog} aria-labelledby={heading} onCancel={onClose}>
      <form onSubmit={submit}>
        <h2 id={heading}>{title}</h2>
        {children}
        <div className="answers">
          <button type="button" onClick={onClose}>
            Keep as it is
          </button>
          <button type="submit" className={dangerous ? 'danger' : 'primary'} disabled={busy}>
            {confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}
