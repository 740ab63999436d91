import { useId, useState } from 'react'
import { classes } from '../../components/classes.ts'
import { Code } from '../../components/code.tsx'
import { type SnippetInput, snippetsFor } from './snippet-texts.ts'

/** Copy-paste ways to call a resource, one at a time. */
export function Snippets(input: SnippetInput) {
  const snippets = snippetsFor(input)
  const [chosen, setChosen] = useState(snippets[0]?.id)
  const id = useId()
  const current = snippets.find((snippet) => snippet.id === chosen) ?? snippets[0]
  return (
    <div>
      <div
        role="tablist"
        aria-label="How to call it"
        className="mb-2 flex flex-wrap gap-1"
        onKeyDown={(event) => {
          const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
          if (step === 0) return
          const at = snippets.findIndex((snippet) => snippet.id === current?.id)
          const next = snippets[(at + step + snippets.length) % snippets.length]
          setChosen(next?.id)
          document.getElementById(`${id}-${next?.id}`)?.focus()
        }}
      >
        {snippets.map((snippet) => (
          <button
            key={snippet.id}
            id={`${id}-${snippet.id}`}
            type="button"
            role="tab"
            aria-selected={snippet.id === current?.id}
            aria-controls={`${id}-panel`}
            tabIndex={snippet.id === current?.id ? 0 : -1}
            className={classes(
              'rounded-[5px] px-2.5 py-1 text-sm font-medium',
              snippet.id === current?.id ? 'bg-accent-tint text-accent-strong' : 'text-soft hover:bg-sunken hover:text-ink',
            )}
            onClick={() => setChosen(snippet.id)}
          >
            {snippet.title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${current?.id}`}>
        {current && <Code label={current.title} text={current.text} />}
      </div>
    </div>
  )
}
