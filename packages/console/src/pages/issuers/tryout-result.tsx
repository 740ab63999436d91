import type { TrustTryResult } from '@keyward/contract/issuers'
import { CircleCheck, CircleX } from 'lucide-react'
import type { ReactNode } from 'react'
import { Badge } from '../../components/badge.tsx'
import { classes } from '../../components/classes.ts'
import { Reference } from '../../components/reference.tsx'
import { word } from '../../format/words.ts'

const signatureWords = {
  valid: ['ok', 'signature valid'],
  invalid: ['danger', 'signature invalid'],
  not_checked: ['neutral', 'signature not checked'],
} as const

/** What became of a tryout: the draft first, then what is wrong with the token, then each rule that there is. */
export function TryoutResult({ result, draft }: { readonly result: TrustTryResult; readonly draft: boolean }) {
  const [tone, text] = signatureWords[result.signature]
  return (
    <div className="mt-4 grid gap-4 border-t border-line pt-4">
      {draft && <Draft result={result} />}
      <div className="grid gap-1.5">
        <p className="flex flex-wrap items-center gap-2 text-sm">
          <Badge tone={tone}>{text}</Badge>
          {result.issuer !== null && (
            <span>
              of <Reference id={result.issuer} />
            </span>
          )}
        </p>
        {result.problems.length > 0 && (
          <>
            <p className="text-sm font-medium text-danger">This token would be refused, whatever the rules say:</p>
            <Reasons of={result.problems} />
          </>
        )}
      </div>
      <div className="grid gap-2">
        <h3 className="text-sm font-semibold">Rules that exist</h3>
        {result.rules.length === 0 && <p className="text-sm text-soft">No saved trust rule relies on this issuer yet.</p>}
        <ul className="grid gap-2.5">
          {result.rules.map((rule) => (
            <li key={rule.identity}>
              <Verdict
                matches={rule.matches}
                text={
                  <>
                    <Reference id={rule.workload.id} />
                    <span className="text-soft"> · {rule.name ?? word(rule.method)}</span>
                  </>
                }
              />
              <Reasons of={rule.reasons} />
            </li>
          ))}
        </ul>
        {result.rules_left_out > 0 && <p className="text-xs text-soft">{result.rules_left_out} more that fit less are left out.</p>}
        {result.would_mint !== null && (
          <p className="text-sm">
            It would get a token as <Reference id={result.would_mint} />.
          </p>
        )}
      </div>
      {result.claims !== null && (
        <details>
          <summary className="w-fit cursor-pointer text-sm text-soft hover:text-ink">What the token says</summary>
          <pre className="mt-2 max-h-72 overflow-auto rounded-md bg-sunken px-3 py-2 text-xs break-all whitespace-pre-wrap">
            {JSON.stringify(result.claims, null, 2)}
          </pre>
        </details>
      )}
    </div>
  )
}

function Draft({ result }: { readonly result: TrustTryResult }) {
  const { draft } = result
  if (draft === undefined)
    return (
      <p className="rounded-md bg-sunken px-3 py-2 text-sm">
        {result.claims === null
          ? 'It could not be read, so the rule was not tried.'
          : 'The rule above is not whole yet, so it was not tried.'}
      </p>
    )
  return (
    <div className={classes('rounded-md px-3 py-2.5', draft.matches ? 'bg-ok-tint' : 'bg-danger-tint')}>
      <Verdict matches={draft.matches} text={draft.matches ? 'This rule matches.' : 'This rule does not match:'} />
      <Reasons of={draft.reasons} />
    </div>
  )
}

/** By its sign and its word, never by colour alone. */
function Verdict({ matches, text }: { readonly matches: boolean; readonly text: ReactNode }) {
  const Icon = matches ? CircleCheck : CircleX
  return (
    <p className="flex items-start gap-2 text-sm font-medium">
      <Icon size={16} aria-hidden="true" className={classes('mt-0.5 shrink-0', matches ? 'text-ok' : 'text-danger')} />
      <span className="sr-only">{matches ? 'Matches:' : 'Does not match:'}</span>
      <span className="min-w-0">{text}</span>
    </p>
  )
}

function Reasons({ of }: { readonly of: readonly string[] }) {
  if (of.length === 0) return null
  return (
    <ul className="mt-1 grid list-disc gap-0.5 pl-10 text-sm break-words">
      {of.map((reason) => (
        <li key={reason}>{reason}</li>
      ))}
    </ul>
  )
}
