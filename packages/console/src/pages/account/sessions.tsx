import { queryOptions, useQuery } from '@tanstack/react-query'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Badge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { Moment } from '../../components/moment.tsx'
import { Panel } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'
import { word } from '../../format/words.ts'
import { browserName } from './browser-name.ts'

const sessionsQuery = queryOptions({ queryKey: ['my-sessions'], queryFn: () => api.me.listSessions() })

export function Sessions() {
  const sessions = useQuery(sessionsQuery)
  const end = useAct((id: string) => api.me.endSession(id))
  return (
    <Panel title="Sessions" note="Where you are signed in." flush>
      <FailureNotice failure={end.failure} />
      <Table
        label="Sessions"
        items={sessions.data?.items}
        keyOf={(session) => session.id}
        columns={[
          {
            title: 'Browser',
            cell: (session) => (
              <>
                <span title={session.user_agent ?? undefined}>{browserName(session.user_agent)}</span>{' '}
                {session.current && <Badge tone="accent">this one</Badge>}
              </>
            ),
          },
          { title: 'Address', cell: (session) => session.ip ?? '–' },
          { title: 'With', cell: (session) => (session.method === 'oidc' ? 'Identity provider' : word(session.method)), tight: true },
          { title: 'Last seen', cell: (session) => <Moment at={session.last_seen_at} />, tight: true },
          {
            title: 'End',
            act: true,
            right: true,
            cell: (session) =>
              !session.current && (
                <Button
                  small
                  look="plain"
                  aria-label={`End the session of ${browserName(session.user_agent)}`}
                  onClick={() => void end.run(session.id)}
                >
                  End
                </Button>
              ),
          },
        ]}
      />
    </Panel>
  )
}
