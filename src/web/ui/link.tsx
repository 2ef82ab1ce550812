import type { MouseEvent, ReactNode } from 'react';
import { goTo } from '../live/location.ts';

type Props = { readonly to: string; readonly className?: string; readonly children: ReactNode };

/** A way to another page of the application; new tabs and windows work as with any link. */
export function Link({ to, className, children }: Props) {
  const follow = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    goTo(to);
  };
  return (
    <a href={to} className={className} onClick={follow}>
      {children}
    </a>
  );
}
