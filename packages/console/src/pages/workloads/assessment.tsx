import type { ClaimConditions } from '@keyward/contract/identities'
import type { IssuerPreset, TrustAssessment } from '@keyward/contract/issuers'
import { CircleCheck, CircleX, TriangleAlert } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { api } from '../../api/client.ts'
import { type Failure, failureOf } from '../../api/failure.ts'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { Panel } from '../../components/page.tsx'
import { claimWords } from './identity-words.ts'

/** Long enough that a name is typed, short enough that the answer belongs to it: each look is a request, and is on record. */
const typingMs = 500

interface Assessed {
  readonly of: string
  readonly assessment?: TrustAssessment
  readonly failure?: Failure
}

/** What a rule with these claims would match too much of; asked when the typing pauses. */
function useAssessment(issuer: string, claims: ClaimConditions): Assessed | undefined {
  const of = JSON.stringify({ issuer, claims })
  const [assessed, setAssessed] = useState<Assessed>()
  useEffect(() => {
    const asked = JSON.parse(of) as { issuer: string; claims: ClaimConditions }
    if (Object.keys(asked.claims).length === 0) return undefined
    const stop = new AbortController()
    const timer = setTimeout(() => {
      api.issuers.assess(asked.issuer, { claims: asked.claims }, { signal: stop.signal }).then(
        (assessment) => setAssessed({ of, assessment }),
        (error: unknown) => {
          if (!stop.signal.aborted) setAssessed({ of, failure: failureOf(error) })
        },
      )
    }, typingMs)
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [of])
  return assessed?.of === of ? assessed : undefined
}

interface AssessmentProps {
  readonly issuer: string
  readonly preset: IssuerPreset
  readonly claims: ClaimConditions
}

/** Says in words whom the rule lets in, and what is careless about it. */
export function Assessment({ issuer, preset, claims }: AssessmentProps) {
  const assessed = useAssessment(issuer, claims)
  const empty = Object.keys(claims).length === 0
  const { refused = [], warnings = [] } = assessed?.assessment ?? {}
  return (
    <Panel title="Whom this lets in">
      <p className="break-words">{empty ? <span className="text-soft">Nobody yet: say who it is.</span> : claimWords(claims, preset)}</p>
      <div aria-live="polite" className="mt-3 grid gap-2">
        {!empty && assessed === undefined && <p className="text-sm text-soft">Looking at it …</p>}
        {!empty && assessed?.failure && <FailureNotice failure={assessed.failure} />}
        {!empty && assessed?.assessment && (
          <>
            {refused.map((reason) => (
              <Remark key={reason} tone="danger" icon={<CircleX size={16} aria-hidden="true" />} lead="Refused.">
                {reason}
              </Remark>
            ))}
            {warnings.map((warning) => (
              <Remark key={warning} tone="brass" icon={<TriangleAlert size={16} aria-hidden="true" />} lead="Careful.">
                {warning}
              </Remark>
            ))}
            {refused.length === 0 && warnings.length === 0 && (
              <Remark tone="ok" icon={<CircleCheck size={16} aria-hidden="true" />} lead="Tight.">
                It fits one workload, by what never passes to another.
              </Remark>
            )}
          </>
        )}
      </div>
    </Panel>
  )
}

const tones = { danger: 'bg-danger-tint text-danger', brass: 'bg-brass-tint text-brass', ok: 'bg-ok-tint text-ok' } as const

function Remark({
  tone,
  icon,
  lead,
  children,
}: {
  readonly tone: keyof typeof tones
  readonly icon: ReactNode
  readonly lead: string
  readonly children: string
}) {
  return (
    <p className={`grid grid-cols-[auto_1fr] gap-2 rounded-md px-3 py-2 text-sm ${tones[tone]}`}>
      <span className="mt-0.5">{icon}</span>
      <span className="min-w-0 break-words">
        <b className="font-semibold">{lead}</b> <span className="text-ink">{children}</span>
      </span>
    </p>
  )
}
