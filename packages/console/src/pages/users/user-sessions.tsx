import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { useMay } from '../../api/me.ts'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { PagedTable } from '../../components/inventory/paged-table.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty, Panel } from '../../components/page.tsx'
import { browserName } from '../account/browser-name.ts'

/** The sessions of somebody, as an admin or auditor sees them. */
export function UserSessions({ user }: { readonly user: string }) {
  const may = useMay('session:read')
  const end = useAct((id: string) => api.sessions.end(id))
  if (!may) return null
  return (
    <Panel title="Sessions" flush>
      <FailureNotice failure={end.failure} />
      <PagedTable
        bare
        list="sessions"
        filters={{ user }}
        label="Sessions"
        keyOf={(session) => session.id}
        columns={[
          { title: 'Browser', cell: (session) => browserName(session.user_agent) },
          { title: 'Address', cell: (session) => session.ip },
          { title: 'Last seen', cell: (session) => <Moment at={session.last_seen_at} />, tight: true },
          {
            title: 'End',
            act: true,
            right: true,
            cell: (session) => (
              <ActButton needs="session:end" small look="plain" onClick={() => void end.run(session.id)}>
                End
              </ActButton>
            ),
          },
        ]}
        empty={<Empty title="No session is open" />}
      />
    </Panel>
  )
}
