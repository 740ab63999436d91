import type { Consent } from '@keyward/contract/consents'
import { StateBadge } from '../../components/badge.tsx'
import { PagedTable } from '../../components/inventory/paged-table.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import type { Column } from '../../components/table.tsx'
import { DisconnectButton } from './disconnect-button.tsx'

export function ConsentsTable({ whose }: { readonly whose: 'mine' | 'all' }) {
  const columns: readonly Column<Consent>[] = [
    {
      title: 'App',
      cell: (consent) => (
        <>
          <span className="font-semibold">{consent.client_name}</span>
          <span className="block text-xs break-all text-soft">{consent.client_host ?? 'registered here'}</span>
        </>
      ),
    },
    ...(whose === 'all' ? [{ title: 'For', cell: (consent: Consent) => consent.user_name }] : []),
    { title: 'Acts as', cell: (consent) => <Reference id={consent.workload} /> },
    { title: 'On', cell: (consent) => <Reference id={consent.resource} /> },
    { title: 'Last used', cell: (consent) => <Moment at={consent.last_used_at} />, tight: true },
    {
      title: 'Ends',
      cell: (consent) => (consent.state === 'active' ? <Moment at={consent.expires_at} /> : <StateBadge state={consent.state} />),
      tight: true,
    },
    {
      title: 'Disconnect',
      act: true,
      right: true,
      cell: (consent) => consent.state === 'active' && <DisconnectButton consent={consent} whose={whose} />,
    },
  ]
  return (
    <PagedTable
      key={whose}
      list={whose === 'mine' ? 'myConsents' : 'consents'}
      filters={{}}
      label="Connected apps"
      columns={columns}
      keyOf={(consent) => consent.id}
      empty={
        <Empty title="No app is connected">
          Give an editor or another MCP client the address of a resource (<code>…/g/NAME</code>). It sends you here to say yes.
        </Empty>
      }
    />
  )
}
