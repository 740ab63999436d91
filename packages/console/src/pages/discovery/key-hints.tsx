const hints: readonly (readonly [readonly string[], string])[] = [
  [['j', 'k'], 'next, previous'],
  [['Enter'], 'all places'],
  [['d'], 'dismiss'],
  [['r'], 'reopen'],
  [['a'], 'copy the adopt command'],
]

/** The keys of the list, where there is a keyboard. */
export function KeyHints() {
  return (
    <p className="mt-3 flex flex-wrap gap-x-4 gap-y-1.5 text-sm text-soft pointer-coarse:hidden max-sm:hidden">
      {hints.map(([keys, text]) => (
        <span key={text} className="flex items-center gap-1">
          {keys.map((key) => (
            <kbd
              key={key}
              className="min-w-5 rounded-[4px] border border-line-strong bg-raised px-1 text-center font-mono text-xs leading-5 text-ink"
            >
              {key}
            </kbd>
          ))}
          <span>{text}</span>
        </span>
      ))}
    </p>
  )
}
