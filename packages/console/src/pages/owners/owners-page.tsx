import { ownerKinds } from '@keyward/contract/words'
import { Link } from '@tanstack/react-router'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { ListPage } from '../../components/inventory/list-page.tsx'
import { Empty } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { count } from '../../format/numbers.ts'
import { word } from '../../format/words.ts'
import { OwnerForm } from './owner-form.tsx'

export default function OwnersPage() {
  const create = (
    <CreateButton needs="owner:create" text="Add an owner" description="A person or a team who answers for credentials and workloads.">
      {(close) => <OwnerForm onClose={close} />}
    </CreateButton>
  )
  return (
    <ListPage
      list="owners"
      title="Owners & teams"
      lead="Whoever answers for a credential or a workload. Nothing here is without one."
      searchLabel="Search by name"
      filters={[{ key: 'kind', label: 'Kind', choices: ownerKinds.map((value) => ({ value, text: word(value) })) }]}
      actions={create}
      keyOf={(owner) => owner.id}
      columns={[
        {
          title: 'Name',
          cell: (owner) => (
            <Link to="/owners/$id" params={{ id: owner.id }} className="font-semibold text-ink no-underline hover:underline">
              {owner.name}
            </Link>
          ),
        },
        { title: 'Kind', cell: (owner) => word(owner.kind), tight: true },
        { title: 'Contact', cell: (owner) => owner.contact },
        { title: 'Team', cell: (owner) => (owner.team === null ? '' : <Reference id={owner.team} />), wideOnly: true },
        { title: 'Backup', cell: (owner) => <Reference id={owner.backup} none="nobody" /> },
        { title: 'Credentials', cell: (owner) => count(owner.owns.credentials), right: true },
        { title: 'Workloads', cell: (owner) => count(owner.owns.workloads), right: true },
      ]}
      empty={
        <Empty title="No owner yet" action={create}>
          Begin with the team that runs your agents.
        </Empty>
      }
    />
  )
}
