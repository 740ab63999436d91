import type { TrustDraft, TrustTry, TrustTryResult } from '@keyward/contract/issuers'
import { limits } from '@keyward/contract/limits'
import { useEffect, useRef, useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { LocalError } from '../../api/failure.ts'
import { Button } from '../../components/button.tsx'
import { Field } from '../../components/form/field.tsx'
import { Form } from '../../components/form/form.tsx'
import { IfMay } from '../../components/inventory/if-may.tsx'
import { Panel } from '../../components/page.tsx'
import { TryoutResult } from './tryout-result.tsx'

interface TryoutProps {
  /** Whose claims they are, where claims are given without a token. */
  readonly issuer: string | undefined
  /** The rule that is being written; undefined while it is not whole. */
  readonly draft?: (() => TrustDraft | undefined) | undefined
}

/**
 * Which trust rule a token would match, and why not. What is pasted lives in its field alone: never in the state of the page, in no address
 * and in no storage; the field is emptied when the page is left.
 */
export function Tryout({ issuer, draft }: TryoutProps) {
  const field = useRef<HTMLTextAreaElement>(null)
  const [result, setResult] = useState<TrustTryResult>()
  const tried = useAct(async () => api.issuers.try(read(field.current?.value ?? '', issuer, draft?.())))
  useEffect(() => {
    const empty = () => {
      if (field.current) field.current.value = ''
    }
    window.addEventListener('pagehide', empty)
    return () => window.removeEventListener('pagehide', empty)
  }, [])
  return (
    <IfMay needs="issuer:try">
      <Panel
        title="Try it"
        note={
          draft
            ? 'Would this rule match? Nothing is minted, and nothing has to be saved first.'
            : 'Which rule would match? Nothing is minted.'
        }
      >
        <Form
          label="Try it"
          failure={tried.failure}
          onSubmit={async () => {
            setResult(undefined)
            const done = await tried.run()
            if (done) setResult(done.answer)
          }}
        >
          <Field
            label="A token, or its claims as JSON"
            pointer="/token"
            hint="It is sent to this Keyward alone, never stored, never logged, and gone when you leave."
          >
            {(control) => (
              <textarea
                {...control}
                ref={field}
                required
                rows={5}
                autoComplete="off"
                autoCapitalize="off"
                spellCheck={false}
                data-1p-ignore
                data-lpignore="true"
                maxLength={limits.tokenBytesMax * 2}
                placeholder={'eyJhbGciOi…\nor {"sub": "…"}'}
                className="control font-mono text-sm break-all"
              />
            )}
          </Field>
          <div className="mt-3 flex flex-wrap gap-2">
            <Button type="submit" look="primary" pending={tried.pending}>
              Try it
            </Button>
            <Button
              look="plain"
              onClick={() => {
                if (field.current) field.current.value = ''
                setResult(undefined)
                tried.forget()
                field.current?.focus()
              }}
            >
              Clear
            </Button>
          </div>
        </Form>
        <div aria-live="polite">{result && <TryoutResult result={result} draft={draft !== undefined} />}</div>
      </Panel>
    </IfMay>
  )
}

/** A text that begins like an object is claims; anything else is a token. @throws LocalError */
function read(text: string, issuer: string | undefined, rule: TrustDraft | undefined): TrustTry {
  const pasted = text.trim()
  const draft = rule === undefined ? {} : { rule }
  if (!pasted.startsWith('{')) return { token: pasted, ...draft }
  if (issuer === undefined) throw new LocalError('Whose claims are these?', 'Choose the issuer first, or paste the whole token.')
  let claims: unknown
  try {
    claims = JSON.parse(pasted)
  } catch {
    throw new LocalError('These claims are not JSON', 'They begin with { and end with }; names and texts stand in double quotes.')
  }
  return { issuer, claims: claims as Record<string, unknown>, ...draft }
}
