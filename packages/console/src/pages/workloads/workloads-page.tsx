import { workloadTypes } from '@keyward/contract/words'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { firstOf } from '../../api/queries.ts'
import { StateBadge } from '../../components/badge.tsx'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { IfMay } from '../../components/inventory/if-may.tsx'
import { ListPage } from '../../components/inventory/list-page.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { counted } from '../../format/numbers.ts'
import { word } from '../../format/words.ts'
import { WorkloadForm } from './workload-form.tsx'

export default function WorkloadsPage() {
  const environments = useQuery(firstOf('environments', { limit: 200 })).data?.items ?? []
  const create = (
    <IfMay needs="workload:create">
      <CreateButton
        needs="workload:create"
        text="Add a workload"
        description="An agent, pipeline, CI job or service that acts without a person. It proves who it is, and holds no key."
      >
        {(close) => <WorkloadForm onClose={close} />}
      </CreateButton>
    </IfMay>
  )
  return (
    <ListPage
      list="workloads"
      title="Workloads"
      lead="Agents, pipelines and services that act unattended: who answers for each, and how it proves who it is."
      searchLabel="Search by name"
      filters={[
        { key: 'environment', label: 'Environment', choices: environments.map(({ name }) => ({ value: name, text: name })) },
        { key: 'type', label: 'Type', choices: workloadTypes.map((value) => ({ value, text: word(value) })) },
        { key: 'state', label: 'State', choices: ['active', 'revoked'].map((value) => ({ value, text: word(value) })) },
      ]}
      actions={create}
      keyOf={(workload) => workload.id}
      columns={[
        {
          title: 'Name',
          cell: (workload) => (
            <Link to="/workloads/$id" params={{ id: workload.id }} className="font-semibold text-ink no-underline hover:underline">
              {workload.name}
            </Link>
          ),
        },
        { title: 'Type', cell: (workload) => word(workload.type), tight: true },
        { title: 'Environment', cell: (workload) => workload.environment },
        { title: 'Owner', cell: (workload) => <Reference id={workload.owner} /> },
        {
          title: 'Identities',
          cell: (workload) => {
            const live = workload.identities.filter((identity) => identity.revoked_at === null).length
            return live === 0 ? <span className="text-soft">none</span> : counted(live, 'identity', 'identities')
          },
          wideOnly: true,
        },
        { title: 'Last used', cell: (workload) => <Moment at={workload.last_used_at} />, tight: true },
        { title: 'State', cell: (workload) => <StateBadge state={workload.state} />, tight: true },
      ]}
      empty={
        <Empty title="No workload yet" action={create}>
          Add the agent that is to make calls. Then grant it a resource.
        </Empty>
      }
    />
  )
}
