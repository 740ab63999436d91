import { credentialKinds, purposes } from '@keyward/contract/words'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { firstOf } from '../../api/queries.ts'
import { StateBadge } from '../../components/badge.tsx'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { ListPage } from '../../components/inventory/list-page.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { word } from '../../format/words.ts'
import { Authorities } from './authorities.tsx'
import { CredentialForm } from './credential-form.tsx'

const choicesOf = (values: readonly string[]) => values.map((value) => ({ value, text: word(value) }))

export default function CredentialsPage() {
  const environments = useQuery(firstOf('environments', { limit: 200 })).data?.items ?? []
  const create = (
    <CreateButton
      needs="credential:create"
      text="Add a credential"
      description="Its secret goes into the vault and is never shown again."
      wide
    >
      {(close) => <CredentialForm onClose={close} />}
    </CreateButton>
  )
  return (
    <ListPage
      list="credentials"
      title="Credentials"
      lead="Every secret that AI systems use: who answers for it, what it may be used for, when it was last used."
      searchLabel="Search name, provider, labels"
      filters={[
        { key: 'environment', label: 'Environment', choices: environments.map(({ name }) => ({ value: name, text: name })) },
        { key: 'state', label: 'State', choices: choicesOf(['active', 'revoked']) },
        { key: 'purpose', label: 'Purpose', choices: choicesOf(purposes) },
        { key: 'kind', label: 'Kind', choices: choicesOf(credentialKinds) },
      ]}
      actions={create}
      keyOf={(credential) => credential.id}
      columns={[
        {
          title: 'Name',
          cell: (credential) => (
            <>
              <Link to="/credentials/$id" params={{ id: credential.id }} className="font-semibold text-ink no-underline hover:underline">
                {credential.name}
              </Link>
              <span className="block font-mono text-xs text-soft">{credential.versions[0]?.hint ?? 'no secret stored'}</span>
            </>
          ),
        },
        { title: 'Provider', cell: (credential) => credential.provider },
        { title: 'Purpose', cell: (credential) => word(credential.purpose), wideOnly: true },
        { title: 'Lets a machine', cell: (credential) => <Authorities authority={credential.authority} />, wideOnly: true },
        { title: 'Environment', cell: (credential) => credential.environment },
        { title: 'Owner', cell: (credential) => <Reference id={credential.owner} /> },
        { title: 'Last used', cell: (credential) => <Moment at={credential.last_used_at} />, tight: true },
        { title: 'State', cell: (credential) => <StateBadge state={credential.state} />, tight: true },
      ]}
      empty={
        <Empty title="No credential yet" action={create}>
          Store the first key: agents will use it through Keyward and never see it.
        </Empty>
      }
    />
  )
}
