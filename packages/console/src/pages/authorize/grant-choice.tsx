import type { AuthorizationRequest } from '@keyward/contract/consents'
import { Badge } from '../../components/badge.tsx'
import { classes } from '../../components/classes.ts'
import { Moment } from '../../components/moment.tsx'
import { duration } from '../../format/time.ts'
import { ScopeText } from '../grants/scope-text.tsx'

interface GrantChoiceProps {
  readonly asked: AuthorizationRequest
  readonly chosen: string | undefined
  readonly onChoose: (id: string) => void
}

/** Under which of the person's grants the client acts: as which agent, and what that may do. */
export function GrantChoice({ asked, chosen, onChoose }: GrantChoiceProps) {
  if (asked.grants.length === 0)
    return (
      <div className="rounded-md bg-sunken px-3.5 py-3 text-sm">
        <p className="font-medium">You can’t allow this</p>
        <p className="mt-1 text-soft">
          No agent that you may act for has a grant for {asked.resource === null ? 'this' : <b>{asked.resource.name}</b>}. Ask whoever runs
          the agent to make one, or an administrator for a role there.
        </p>
      </div>
    )
  return (
    <fieldset className="grid gap-2">
      <legend className="label mb-1.5">It acts for you as</legend>
      {asked.grants.map((grant) => (
        <label
          key={grant.id}
          className={classes(
            'grid cursor-pointer grid-cols-[auto_1fr] gap-x-3 rounded-md border px-3.5 py-3',
            chosen === grant.id ? 'border-accent bg-accent-tint' : 'border-line hover:border-line-strong',
          )}
        >
          <input
            type="radio"
            name="grant"
            className="mt-1 self-start accent-[var(--accent)]"
            checked={chosen === grant.id}
            onChange={() => onChoose(grant.id)}
            aria-describedby={`about-${grant.id}`}
          />
          <span className="min-w-0">
            <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
              <span className="font-semibold break-words">{grant.workload_name}</span>
              <Badge>{grant.environment}</Badge>
              {grant.owned && <Badge tone="accent">yours</Badge>}
            </span>
            <span id={`about-${grant.id}`} className="mt-1 grid gap-0.5 text-sm break-words text-soft">
              <span>
                May use {grant.resource_name}: <ScopeText scope={asked.scope ?? grant.scope} />
              </span>
              {grant.tenant_name !== null && <span>For {grant.tenant_name} alone</span>}
              <span>
                By tokens of {duration(grant.ttl_seconds)}
                {grant.expires_at !== null && (
                  <>
                    , until <Moment at={grant.expires_at} />
                  </>
                )}
              </span>
              {grant.consented_until !== null && (
                <span className="text-ok">
                  You allowed this before; that ends <Moment at={grant.consented_until} />
                </span>
              )}
            </span>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
