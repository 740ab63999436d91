import type { Grant, GrantUpdate } from '@keyward/contract/grants'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { useMay } from '../../api/me.ts'
import { oneOf } from '../../api/queries.ts'
import { Go } from '../../app/go.tsx'
import { StateBadge } from '../../components/badge.tsx'
import { Id } from '../../components/copy.tsx'
import { Detail } from '../../components/detail.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { DeleteButton } from '../../components/inventory/delete-button.tsx'
import { EditDialog } from '../../components/inventory/edit-dialog.tsx'
import { IfMay } from '../../components/inventory/if-may.tsx'
import { RevokeButton } from '../../components/inventory/revoke-button.tsx'
import { WillEndAccess } from '../../components/inventory/will-end.tsx'
import { Moment } from '../../components/moment.tsx'
import { Facts, PageFrame, Panel } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { duration } from '../../format/time.ts'
import { assuranceMeaning } from '../../format/words.ts'
import { RecentActs } from '../audit/recent-acts.tsx'
import { GrantBudgets } from '../budgets/grant-budgets.tsx'
import { AssuranceBadge } from '../tokens/assurance-badge.tsx'
import { GrantFields } from './grant-fields.tsx'
import { useGrantName } from './grant-link.tsx'
import { GrantTokens } from './grant-tokens.tsx'
import { endOf, grantBody, grantValues } from './grant-values.ts'
import { MintPanel } from './mint-panel.tsx'
import { ScopeText } from './scope-text.tsx'

const back = { to: '/grants', text: 'Grants' }

export default function GrantPage() {
  return (
    <Detail of="grants" what="Grant" back={back}>
      {(grant) => <Shown grant={grant} />}
    </Detail>
  )
}

function Shown({ grant }: { readonly grant: Grant }) {
  const [editing, setEditing] = useState(false)
  const name = useGrantName(grant) ?? 'Grant'
  const mayReadTokens = useMay('token:read')
  const maySetBudgets = useMay('budget:create')
  const active = grant.state === 'active'
  return (
    <PageFrame
      title={name}
      back={back}
      lead={
        <span className="flex flex-wrap items-center gap-2">
          <StateBadge state={grant.state} /> <ScopeText scope={grant.scope} /> · <Go to={`/calls?grant=${grant.id}`}>its calls</Go>
        </span>
      }
      actions={
        <>
          {active ? (
            <IfMay needs="grant:update">
              <ActButton needs="grant:update" onClick={() => setEditing(true)}>
                Edit
              </ActButton>
            </IfMay>
          ) : (
            <IfMay needs="grant:delete">
              <DeleteButton
                needs="grant:delete"
                name={name}
                consequence="Its record goes; its history stays in the audit log."
                act={() => api.grants.delete(grant.id, { revision: grant.revision })}
                then="/grants"
              />
            </IfMay>
          )}
          <IfMay needs="grant:revoke">
            <RevokeButton
              needs="grant:revoke"
              revoked={!active}
              name={name}
              willEnd={<WillEndAccess filters={{ grant: grant.id }} self="the grant" />}
              act={(reason) => api.grants.revoke(grant.id, { reason })}
            />
          </IfMay>
        </>
      }
    >
      <div className="grid gap-5 lg:grid-cols-[3fr_2fr]">
        <div className="grid min-w-0 content-start gap-5">
          {active && <MintPanel grant={grant} />}
          <GrantBudgets grant={grant.id} active={active && maySetBudgets} />
        </div>
        <Panel title="What it allows" className="self-start">
          <Facts
            items={[
              ['Id', <Id key="id" id={grant.id} />],
              ['Workload', <Reference key="workload" id={grant.workload} />],
              ['Resource', <Reference key="resource" id={grant.resource} />],
              grant.tenant !== null && ['Tenant', <Reference key="tenant" id={grant.tenant} />],
              ...('models' in grant.scope
                ? [
                    ['Models', grant.scope.models.join(', ')] as const,
                    ['Operations', grant.scope.operations?.join(', ') ?? 'all that run a model'] as const,
                  ]
                : [['Methods', grant.scope.methods.join(', ')] as const, ['Paths', grant.scope.paths.join(', ')] as const]),
              ['A token lives', duration(grant.ttl_seconds)],
              ['The grant ends', <Moment key="end" at={grant.expires_at} none="no date set" />],
              ...Object.entries(grant.limits).map(([key, value]) => [limitNames[key] ?? key, (value ?? 0).toLocaleString('en')] as const),
              ['Tokens', tokenWords(grant)],
              [
                'Assurance',
                grant.minimum_assurance === null ? (
                  'any'
                ) : (
                  <span key="assurance">
                    at least <AssuranceBadge level={grant.minimum_assurance} />
                    <span className="block text-xs text-soft">{assuranceMeaning[grant.minimum_assurance]}</span>
                  </span>
                ),
              ],
              [
                'Handed on to',
                grant.delegates.length === 0
                  ? 'nobody'
                  : grant.delegates.map((id, at) => (
                      <span key={id}>
                        {at > 0 && ', '}
                        <Reference id={id} />
                      </span>
                    )),
              ],
              ['Streams', grant.streams_outlive_token ? 'may outlive their token' : 'end with their token'],
              ['Last used', <Moment key="used" at={grant.last_used_at} />],
              ['Added', <Moment key="added" at={grant.created_at} />],
              grant.revoked_at !== null && ['Revoked', <Moment key="revoked" at={grant.revoked_at} />],
              grant.reason !== null && ['Why', grant.reason],
            ]}
          />
        </Panel>
      </div>
      <div className="mt-5 grid gap-5">
        {mayReadTokens && <GrantTokens grant={grant.id} />}
        <RecentActs filters={{ grant: grant.id }} />
      </div>
      {editing && <GrantEdit grant={grant} name={name} onClose={() => setEditing(false)} />}
    </PageFrame>
  )
}

function tokenWords(grant: Grant): string {
  if (grant.require_dpop && grant.require_mtls) return 'bound to a key and to a client certificate, which none can be'
  if (grant.require_mtls) return 'bound to a client certificate (RFC 8705)'
  return grant.require_dpop ? 'bound to a key (DPoP)' : 'bearer, or bound'
}

const limitNames: Readonly<Record<string, string>> = {
  requests_per_minute: 'Calls a minute',
  tokens_per_minute: 'Tokens a minute',
  concurrent: 'Calls at once',
  max_output_tokens: 'Output tokens',
  request_bytes: 'Request bytes',
}

function GrantEdit({ grant, name, onClose }: { readonly grant: Grant; readonly name: string; readonly onClose: () => void }) {
  const resource = useQuery(oneOf('resources', grant.resource)).data
  const kind = resource?.kind ?? ('models' in grant.scope ? 'llm' : 'http')
  return (
    <EditDialog
      item={grant}
      title={`Edit ${name}`}
      wide
      onClose={onClose}
      valuesOf={grantValues}
      bodyOf={(values) => ({
        ...grantBody(values, kind),
        expires_at: endOf(values) ?? null,
        minimum_assurance: values.minimumAssurance === '' ? null : values.minimumAssurance,
      })}
      save={(changes, revision) => api.grants.update(grant.id, changes as GrantUpdate, { revision })}
      reload={() => api.grants.show(grant.id)}
    >
      {(values, set) => (
        <>
          <p className="text-sm text-soft">Open tokens feel it at once.</p>
          <div className="grid gap-4 sm:grid-cols-2">
            <GrantFields kind={kind} provider={resource?.provider ?? null} values={values} set={set} />
          </div>
        </>
      )}
    </EditDialog>
  )
}
