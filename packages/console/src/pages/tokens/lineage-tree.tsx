import type { Token } from '@keyward/contract/grants'
import { ChevronDown, ChevronRight, CircleUser, Workflow } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Badge, StateBadge } from '../../components/badge.tsx'
import { classes } from '../../components/classes.ts'
import { Moment } from '../../components/moment.tsx'
import { Reference } from '../../components/reference.tsx'
import { counted } from '../../format/numbers.ts'
import { shortId } from '../../format/words.ts'
import { ScopeText } from '../grants/scope-text.tsx'
import { AssuranceBadge } from './assurance-badge.tsx'
import { below, type TokenNode } from './lineage-query.ts'
import { RevokeToken } from './token-table.tsx'
import { bindingWords, gotWords, holderOf, TokenLink } from './token-words.tsx'

interface LineageTreeProps {
  readonly user: { readonly id: string; readonly name: string } | null
  readonly workload: { readonly id: string; readonly name: string }
  readonly root: TokenNode
  /** The token that the page is about. */
  readonly current: string
}

/**
 * Person, agent, token, sub-tokens: lists in lists, so that a screen reader says the depth and Tab reaches every link and button in the order
 * in which they stand.
 */
export function LineageTree({ user, workload, root, current }: LineageTreeProps) {
  const agent = (
    <Level icon={<Workflow size={15} aria-hidden="true" />} kind="Agent" name={<Reference id={workload.id} />}>
      <Branch node={root} current={current} />
    </Level>
  )
  return (
    <ul aria-label="Lineage" className="grid gap-2">
      {user === null ? (
        agent
      ) : (
        <Level icon={<CircleUser size={15} aria-hidden="true" />} kind="Person" name={<Reference id={user.id} />}>
          {agent}
        </Level>
      )}
    </ul>
  )
}

function Level({
  icon,
  kind,
  name,
  children,
}: {
  readonly icon: ReactNode
  readonly kind: string
  readonly name: ReactNode
  readonly children: ReactNode
}) {
  return (
    <li>
      <p className="flex items-center gap-2">
        <span className="text-soft">{icon}</span>
        <span className="label">{kind}</span>
        <span className="font-medium">{name}</span>
      </p>
      <Children>{children}</Children>
    </li>
  )
}

/** A line at their left holds what belongs together; on a phone it is narrow, for five levels have to fit. */
function Children({ children }: { readonly children: ReactNode }) {
  return <ul className="mt-2 ml-[7px] grid gap-2 border-l border-line-strong pl-2.5 sm:pl-5">{children}</ul>
}

function Branch({ node, current }: { readonly node: TokenNode; readonly current: string }) {
  const [open, setOpen] = useState(true)
  const number = below(node).length
  const name = shortId(node.token.id)
  return (
    <li aria-current={node.token.id === current ? 'true' : undefined}>
      <div
        className={classes(
          'rounded-md border px-3 py-2',
          node.token.id === current ? 'border-accent bg-accent-tint' : 'border-line bg-raised',
        )}
      >
        <div className="flex items-start gap-2">
          {number > 0 && (
            <button
              type="button"
              aria-expanded={open}
              aria-label={`${open ? 'Fold' : 'Unfold'} what was handed on from ${name}`}
              className="-ml-1 rounded-[3px] p-0.5 text-soft hover:bg-sunken hover:text-ink pointer-coarse:p-2"
              onClick={() => setOpen(!open)}
            >
              {open ? <ChevronDown size={15} aria-hidden="true" /> : <ChevronRight size={15} aria-hidden="true" />}
            </button>
          )}
          <TokenLines token={node.token} current={node.token.id === current} />
          <RevokeToken token={node.token} small />
        </div>
        {!open && <p className="mt-1 text-xs text-soft">{counted(number, 'token')} below, folded</p>}
      </div>
      {open && node.children.length > 0 && (
        <Children>
          {node.children.map((child) => (
            <Branch key={child.token.id} node={child} current={current} />
          ))}
        </Children>
      )}
    </li>
  )
}

function TokenLines({ token, current }: { readonly token: Token; readonly current: boolean }) {
  return (
    <div className="grid min-w-0 flex-1 gap-1">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        {current ? <span className="font-mono text-xs font-semibold">{shortId(token.id)}</span> : <TokenLink id={token.id} />}
        <StateBadge state={token.state} />
        <AssuranceBadge level={token.assurance} />
        {token.binding !== null && <Badge tone="accent">{bindingWords(token)}</Badge>}
        {current && <span className="text-xs text-soft">this one</span>}
      </p>
      <p className="text-sm">
        {token.parent === null ? `${gotWords(token)}, held by ` : 'Handed on to '}
        <Reference id={holderOf(token)} />
        <span className="text-soft">
          {' · '}
          {token.state === 'live' ? (
            <>
              ends <Moment at={token.expires_at} />
            </>
          ) : (
            <>
              {token.state} <Moment at={token.revoked_at ?? token.expires_at} />
            </>
          )}
        </span>
      </p>
      {token.scope !== null && (
        <p className="text-sm break-words text-soft">
          narrower: <ScopeText scope={token.scope} />
        </p>
      )}
    </div>
  )
}
