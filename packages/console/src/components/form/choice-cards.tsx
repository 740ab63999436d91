import { useId } from 'react'
import { classes } from '../classes.ts'

export interface CardChoice<Value extends string> {
  readonly value: Value
  readonly title: string
  readonly text: string
  /** Beside the title, where it warns or recommends. */
  readonly mark?: string | undefined
}

interface ChoiceCardsProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly choices: readonly CardChoice<Value>[]
  readonly onChange: (value: Value) => void
  readonly columns?: 'one' | 'two'
}

/** One of a few that each need a sentence: radio buttons, so arrow keys choose. */
export function ChoiceCards<Value extends string>({ label, value, choices, onChange, columns = 'two' }: ChoiceCardsProps<Value>) {
  const name = useId()
  return (
    <fieldset>
      <legend className="mb-1.5 text-sm font-medium">{label}</legend>
      <div className={classes('grid gap-2', columns === 'two' && 'sm:grid-cols-2')}>
        {choices.map((choice) => (
          <label
            key={choice.value}
            className={classes(
              'grid cursor-pointer grid-cols-[auto_1fr] items-start gap-x-2.5 rounded-md border px-3 py-2.5 has-focus-visible:outline-2 has-focus-visible:outline-accent',
              value === choice.value ? 'border-accent bg-accent-tint' : 'border-line bg-raised hover:border-line-strong',
            )}
          >
            <input
              type="radio"
              name={name}
              value={choice.value}
              checked={value === choice.value}
              aria-describedby={`${name}-${choice.value}`}
              aria-label={choice.title}
              onChange={() => onChange(choice.value)}
              className="mt-1 size-3.5 accent-accent outline-none"
            />
            <span className="min-w-0">
              <span className="flex flex-wrap items-baseline gap-x-2 font-medium">
                {choice.title}
                {choice.mark !== undefined && <span className="text-xs font-medium text-brass">{choice.mark}</span>}
              </span>
              <span id={`${name}-${choice.value}`} className={classes('block text-xs', value === choice.value ? 'text-ink' : 'text-soft')}>
                {choice.text}
              </span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
