import { queryOptions, useQuery } from '@tanstack/react-query'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Go } from '../../app/go.tsx'
import { Badge } from '../../components/badge.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { Panel } from '../../components/page.tsx'
import { say } from '../../components/toast.tsx'

const settingsQuery = queryOptions({ queryKey: ['settings'], queryFn: () => api.settings.show() })

/** The switch for second opinions, with what it means. */
export function SecondOpinionSetting() {
  const on = useQuery(settingsQuery).data?.second_opinion
  const turn = useAct((next: boolean) => api.settings.update({ second_opinion: next }))
  return (
    <Panel
      title={
        <span className="flex items-center gap-2.5">
          Second opinion {on !== undefined && <Badge tone={on ? 'ok' : 'neutral'}>{on ? 'on' : 'off'}</Badge>}
        </span>
      }
      actions={
        on !== undefined && (
          <ActButton
            needs="setting:update"
            pending={turn.pending}
            onClick={async () => {
              if (await turn.run(!on)) say(on ? 'Dangerous acts need one admin again.' : 'Dangerous acts need another admin’s yes now.')
            }}
          >
            {on ? 'Switch it off' : 'Switch it on'}
          </ActButton>
        )
      }
    >
      <div className="grid max-w-2xl gap-3">
        <FailureNotice failure={turn.failure} />
        <p>
          While it is on, changing users, roles, issuers, identity providers and these settings needs the yes of another admin, who sees
          exactly what is asked under <Go to="/second-opinions">Second opinions</Go>. Switching it off needs one, too.
        </p>
        <p className="text-sm text-soft">
          Revoking and containing never wait. Whoever asked can’t approve, nor can somebody whose user they made, changed or invited within
          a day. Local login on the machine itself passes without, so that nobody is locked out; the audit log says so each time.
        </p>
      </div>
    </Panel>
  )
}
