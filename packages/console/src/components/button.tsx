import type { ComponentProps, ReactNode } from 'react'
import { classes } from './classes.ts'

type Look = 'primary' | 'quiet' | 'danger' | 'plain'

const looks: Readonly<Record<Look, string>> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong border border-transparent',
  quiet: 'bg-raised text-ink border border-line-strong hover:border-ink',
  danger: 'bg-danger-fill text-white border border-transparent hover:brightness-110',
  plain: 'text-soft hover:text-ink hover:bg-sunken border border-transparent',
}

export interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: Look
  readonly small?: boolean
  /** Says what runs, and takes no second click. */
  readonly pending?: boolean
  /** Why it can't be used; shown on hover and read to screen readers. */
  readonly disabledReason?: string | undefined
  readonly icon?: ReactNode
}

export function buttonClasses(look: Look = 'quiet', small = false): string {
  return classes(
    'inline-flex items-center justify-center gap-1.5 rounded-[5px] font-medium whitespace-nowrap transition-colors select-none no-underline',
    'disabled:cursor-not-allowed disabled:opacity-55 aria-disabled:cursor-not-allowed aria-disabled:opacity-55',
    small ? 'h-7 px-2.5 text-sm pointer-coarse:h-9' : 'h-9 px-3.5 text-base pointer-coarse:h-11',
    looks[look],
  )
}

export function Button({
  look = 'quiet',
  small = false,
  pending = false,
  disabledReason,
  icon,
  children,
  className,
  onClick,
  ...rest
}: ButtonProps) {
  const off = pending || disabledReason !== undefined
  return (
    <button
      type="button"
      {...rest}
      title={disabledReason ?? rest.title}
      aria-disabled={off || undefined}
      aria-busy={pending || undefined}
      aria-description={disabledReason}
      onClick={(event) => {
        if (off) event.preventDefault()
        else onClick?.(event)
      }}
      className={classes(buttonClasses(look, small), className)}
    >
      {pending ? <Spinner /> : icon}
      {children}
    </button>
  )
}

export function Spinner() {
  return (
    <svg width="14" height="14" viewBox="0 0 16 16" aria-hidden="true" className="animate-spin">
      <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" strokeOpacity="0.3" strokeWidth="2" />
      <path d="M14 8a6 6 0 0 0-6-6" fill="none" stroke="currentColor" strokeWidth="2" strokeLinecap="round" />
    </svg>
  )
}
