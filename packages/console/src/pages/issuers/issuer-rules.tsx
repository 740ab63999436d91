import type { Identity } from '@keyward/contract/identities'
import type { Issuer } from '@keyward/contract/issuers'
import type { Workload } from '@keyward/contract/workloads'
import { useQuery } from '@tanstack/react-query'
import { failureOf } from '../../api/failure.ts'
import { firstOf } from '../../api/queries.ts'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty, Panel } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { SkeletonLines } from '../../components/skeleton.tsx'
import { Table } from '../../components/table.tsx'
import { counted } from '../../format/numbers.ts'
import { IdentityWarnings, Pinned } from '../workloads/pinned.tsx'

const workloadsMax = 200
const namedMax = 5

interface Rule {
  readonly workload: Workload
  readonly identity: Identity
}

function useRules(issuer: string) {
  const query = useQuery(firstOf('workloads', { issuer, limit: workloadsMax }))
  const rules = query.data?.items.flatMap((workload): Rule[] =>
    workload.identities.filter((one) => one.issuer === issuer && one.revoked_at === null).map((identity) => ({ workload, identity })),
  )
  return { query, rules, more: query.data?.next_cursor !== null && query.data !== undefined }
}

/** The trust rules that rely on an issuer, of the workloads that the reader may see. */
export function IssuerRules({ issuer }: { readonly issuer: Issuer }) {
  const { query, rules, more } = useRules(issuer.id)
  return (
    <Panel title="Trust rules" note="Whom it lets in: added on each workload’s page." flush>
      {query.isError && rules === undefined ? (
        <FailureNotice failure={failureOf(query.error)} onRetry={() => void query.refetch()} />
      ) : rules?.length === 0 ? (
        <Empty title="No trust rule relies on it">
          {issuer.state === 'active' ? 'So it lets nobody in. On a workload’s page, add an identity.' : 'They ended with it.'}
        </Empty>
      ) : (
        <Table
          label="Trust rules"
          items={rules}
          keyOf={(rule) => rule.identity.id}
          columns={[
            { title: 'Workload', cell: (rule) => <Reference id={rule.workload.id} /> },
            {
              title: 'Pinned to',
              cell: (rule) => (
                <>
                  <Pinned identity={rule.identity} preset={issuer.preset} />
                  <IdentityWarnings identity={rule.identity} />
                </>
              ),
            },
            { title: 'Last used', cell: (rule) => <Moment at={rule.identity.last_used_at} />, tight: true },
          ]}
        />
      )}
      {more && (
        <p className="border-t border-line px-4 py-2.5 text-xs text-soft">Those of the newest {workloadsMax} workloads are shown.</p>
      )}
    </Panel>
  )
}

/** What revoking an issuer ends. */
export function WillEndRules({ issuer }: { readonly issuer: Issuer }) {
  const { query, rules = [] } = useRules(issuer.id)
  if (query.isPending) return <SkeletonLines lines={2} />
  const workloads = [...new Map(rules.map(({ workload }) => [workload.id, workload.name]))]
  return (
    <ul className="list-disc pl-5">
      <li>the trust in {issuer.name}, for good</li>
      <li>
        {issuer.identities === 0 ? 'no trust rule' : counted(issuer.identities, 'trust rule')}
        {workloads.length > 0 && (
          <>
            {' '}
            of{' '}
            {workloads
              .slice(0, namedMax)
              .map(([, name]) => name)
              .join(', ')}
            {workloads.length > namedMax && ' …'}
          </>
        )}
      </li>
      <li>every token that they obtained, what was handed on from it, and open streams</li>
    </ul>
  )
}
