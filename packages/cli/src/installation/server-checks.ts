import type { Me } from '@keyward/contract/people'
import type { NodeStatus } from '@keyward/contract/records'
import type { Api } from '../connection/api.ts'
import { connect } from '../connection/connect.ts'
import { Failure } from '../failure.ts'
import { type Check, fail, notKnown, pass, warning } from './check.ts'

/** Proofs and tokens are judged by time: what is further off than this is refused (a proof's iat: 60 s). */
const clockSecondsMax = 30
/** Promise 5: every node within a second. */
const revocationMsMax = 1_000

/** What can be asked without a login. @throws Failure (away) */
export async function checkServer(api: Api): Promise<Check[]> {
  const checks: Check[] = []
  const before = Date.now()
  const health = await api.get('/healthz')
  const after = Date.now()
  checks.push(
    health.ok
      ? pass('server', `${api.origin} answers`)
      : fail('server', `${api.origin}/healthz answers ${health.status}`, 'Check that this address is a Keyward server.'),
  )
  checks.push(checkClock(health.headers.get('date'), before, after))
  const ready = await api.get('/readyz')
  const body = (await ready.json().catch(() => ({}))) as { problems?: string[]; status?: string }
  for (const problem of body.problems ?? []) checks.push(fail('ready', problem, fixFor(problem)))
  if (ready.ok) checks.push(pass('ready', 'it can serve: the database answers and the change feed is heard'))
  else if ((body.problems ?? []).length === 0)
    checks.push(fail('ready', `/readyz answers ${ready.status}`, 'Look into the log of the server.'))
  return checks
}

function checkClock(date: string | null, before: number, after: number): Check {
  const server = date === null ? Number.NaN : Date.parse(date)
  if (Number.isNaN(server)) return notKnown('clock', 'the server did not say its time')
  // The header has whole seconds: half a second is added for what it cut off.
  const offSeconds = Math.abs(server + 500 - (before + after) / 2) / 1000
  return offSeconds <= clockSecondsMax
    ? pass('clock', `this machine and the server agree (within ${Math.ceil(offSeconds)} s)`)
    : fail(
        'clock',
        `this machine and the server differ by ${Math.round(offSeconds)} s: proofs of identity will be refused`,
        'Let both follow network time (NTP).',
      )
}

function fixFor(problem: string): string {
  if (problem.includes('disk')) return 'Free some space on the disk of the data folder; it goes on by itself.'
  if (problem.includes('database')) return 'Check that PostgreSQL runs and that DATABASE_URL is right; the log of the server says more.'
  return 'Check the connection between this node and the database; it goes on by itself once it hears.'
}

/** What needs a login: who that is, and the nodes. */
export async function checkSignedIn(options: { server?: string }): Promise<Check[]> {
  const { routes } = await import('@keyward/contract/routes')
  try {
    const api = connect(options)
    const { answer } = await api.call(routes.me.show)
    const me = answer as Me
    const checks = [pass('login', `${me.user.name}, until ${me.session.expires_at}`)]
    if (!me.allowed.includes('node:read'))
      return [...checks, notKnown('nodes', 'your role does not show the nodes', 'Ask an admin, operator or auditor to run this.')]
    const { answer: nodes } = await api.call(routes.nodes.list)
    return [...checks, ...checkNodes((nodes as { items: NodeStatus[] }).items)]
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return [notKnown('login', error.problem?.detail ?? error.message, error.fix ?? error.problem?.fix)]
  }
}

function checkNodes(nodes: readonly NodeStatus[]): Check[] {
  const checks: Check[] = []
  for (const node of nodes) {
    const name = `node ${node.id}`
    if (node.deaf) {
      checks.push(
        fail(
          name,
          `it has not heard revocations since ${node.heard_at}: if it still runs, it refuses everything`,
          'Check its connection to the database, or stop it.',
        ),
      )
      continue
    }
    const worst = node.revocation_ms.max_24h
    if (worst !== null && worst > revocationMsMax)
      checks.push(
        warning(
          name,
          `a revocation took ${Math.round(worst)} ms to reach it in the last 24 hours`,
          'Look for a busy machine or a slow network to the database.',
        ),
      )
    else
      checks.push(
        pass(
          name,
          `hears (version ${node.version}${worst === null ? ', no revocation measured yet' : `, worst revocation of 24 hours ${Math.round(worst)} ms`})`,
        ),
      )
  }
  const versions = new Set(nodes.map((node) => node.version))
  if (versions.size > 1) checks.push(warning('versions', `nodes run different versions: ${[...versions].join(', ')}`, 'Finish the update.'))
  return checks
}
