import { classes } from './classes.ts'
import { CopyButton } from './copy.tsx'

/** Text to be copied into a terminal or a file: one line is broken, of several the long ones scroll. */
export function Code({ text, label }: { readonly text: string; readonly label: string }) {
  const several = text.includes('\n')
  return (
    <div className="relative rounded-md border border-line bg-sunken">
      <section
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        tabIndex={0}
        aria-label={label}
        className={classes('overflow-x-auto', several ? 'px-3.5 pt-11 pb-3.5' : 'py-2.5 pr-24 pl-3.5')}
      >
        <pre className={classes('text-sm leading-relaxed', several ? 'whitespace-pre' : 'break-all whitespace-pre-wrap')}>{text}</pre>
      </section>
      <div className="absolute top-0 right-0 p-1.5">
        <CopyButton text={text} />
      </div>
    </div>
  )
}

/** A secret that is shown this once. */
export function ShownOnce({ label, secret }: { readonly label: string; readonly secret: string }) {
  return (
    <div className="rounded-md border border-brass bg-brass-tint p-3.5">
      <p className="mb-2 text-sm font-medium text-brass">{label}. It is shown this once: copy it now.</p>
      <div className="flex flex-wrap items-start gap-2.5">
        <code
          data-secret
          className="max-h-36 min-w-0 flex-1 basis-56 overflow-y-auto rounded-[4px] bg-raised px-2.5 py-1.5 text-sm break-all select-all"
        >
          {secret}
        </code>
        <CopyButton text={secret} small={false} />
      </div>
    </div>
  )
}
