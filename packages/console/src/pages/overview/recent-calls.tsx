import { Go } from '../../app/go.tsx'
import { Empty, Panel } from '../../components/page.tsx'
import { CallTable } from '../calls/call-table.tsx'
import { useCalls } from '../calls/use-calls.ts'

const shownMax = 9
const pollMs = 4_000

/** The newest calls. */
export function RecentCalls() {
  const { calls } = useCalls({}, pollMs)
  return (
    <Panel title="Newest calls" className="self-start" flush actions={<Go to="/calls">Live calls</Go>}>
      {calls?.length === 0 ? (
        <Empty title="No call yet">Once an agent calls through Keyward it is here within seconds.</Empty>
      ) : (
        <CallTable calls={calls?.slice(0, shownMax)} brief />
      )}
    </Panel>
  )
}
