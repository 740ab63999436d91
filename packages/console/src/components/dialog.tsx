import { Dialog as Base } from '@base-ui/react/dialog'
import { X } from 'lucide-react'
import type { ReactNode } from 'react'
import { classes } from './classes.ts'

interface DialogProps {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly description?: ReactNode
  readonly children: ReactNode
  /** `side` is a drawer for details beside the page. */
  readonly place?: 'middle' | 'side'
  readonly wide?: boolean
  /** A click outside does not close it: something in it would be lost. */
  readonly stays?: boolean
  /** Stands over another dialog, which is to be seen as waiting. */
  readonly above?: boolean
}

/** A modal dialog: focus stays inside, Escape closes, and focus returns to where it was. */
export function Dialog({
  open,
  onClose,
  title,
  description,
  children,
  place = 'middle',
  wide = false,
  stays = false,
  above = false,
}: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={(next) => !next && onClose()} disablePointerDismissal={stays}>
      <Base.Portal>
        <Base.Backdrop forceRender={above} className={classes('backdrop', above ? 'z-[52]' : 'z-40')} />
        <Base.Popup
          className={classes(
            'sheet fixed flex flex-col bg-surface text-ink shadow-[0_16px_48px_rgb(8_14_12/0.28)] outline-none',
            above ? 'z-[54]' : 'z-50',
            place === 'side'
              ? 'sheet-side inset-y-0 right-0 w-full max-w-lg border-l border-line'
              : classes(
                  'inset-x-0 bottom-0 max-h-[92dvh] rounded-t-xl border border-line sm:inset-x-auto sm:top-[9vh] sm:bottom-auto sm:left-1/2 sm:max-h-[82vh] sm:w-[calc(100vw-3rem)] sm:-translate-x-1/2 sm:rounded-lg',
                  wide ? 'sm:max-w-3xl' : 'sm:max-w-xl',
                ),
          )}
        >
          <header className="flex items-start gap-4 border-b border-line px-5 pt-4 pb-3.5">
            <div className="min-w-0 flex-1">
              <Base.Title className="text-lg font-semibold">{title}</Base.Title>
              {description !== undefined && <Base.Description className="mt-0.5 text-sm text-soft">{description}</Base.Description>}
            </div>
            <Base.Close aria-label="Close" className="-mr-1.5 rounded-[4px] p-1.5 text-soft hover:bg-sunken hover:text-ink">
              <X size={18} aria-hidden="true" />
            </Base.Close>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-5 py-4">{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

/** The last row of a dialog: what it does, at the right. */
export function DialogActions({ children }: { readonly children: ReactNode }) {
  return <div className="mt-5 flex flex-wrap items-center justify-end gap-2.5">{children}</div>
}
