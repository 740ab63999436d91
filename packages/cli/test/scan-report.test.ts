import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Installation, startInstallation } from './installation.ts'

let here: Installation
let folder: string
const slow = { timeout: 120_000 }
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyward-report-'))
  here = await startInstallation()
}, 120_000)
afterAll(async () => {
  await here?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Of the vendor's form and made up now, so that judgement takes it for one: no key of anybody. */
const madeUpKey = () => `sk-proj-${random(74)}T3BlbkFJ${random(74)}`
const random = (chars: number) =>
  randomBytes(chars)
    .toString('base64')
    .replaceAll(/[^A-Za-z0-9]/g, 'x')
    .slice(0, chars)

interface Told {
  readonly detections: { digest?: string; detector: string; inventory?: { id: string; known: boolean; credential: string | null } }[]
}

test('scan --report-to tells the server digests and never a secret, and says of each whether the inventory has it', slow, async () => {
  const [known, unknown] = [madeUpKey(), madeUpKey()]
  const made = await here.server.api<{ id: string }>('POST', '/api/v1/credentials', {
    ...{ name: 'Known', kind: 'api_key', provider: 'openai', purpose: 'model', authority: ['consume'] },
    ...{ environment: 'development', owner: here.owner, secret: known },
  })
  mkdirSync(join(folder, 'a'))
  writeFileSync(join(folder, 'a', '.env'), `OPENAI_API_KEY=${known}\nOTHER_OPENAI_KEY=${unknown}\n`)
  writeFileSync(join(folder, 'a', `${unknown}.txt`), `${unknown}\n`)
  writeFileSync(join(folder, 'a', 'db.env'), 'DATABASE_URL=postgres://app:kT4mQw82zR@db.internal.corp:5432/app\n')
  const ran = await here.keyward(['scan', join(folder, 'a'), '--report-to', here.server.origin, '--json'])
  expect(ran.code, ran.stderr).toBe(1)
  const { detections } = JSON.parse(ran.stdout) as Told
  const inventory = detections.filter((one) => one.inventory).map((one) => one.inventory)
  expect(inventory).toHaveLength(2)
  expect(inventory.find((one) => one?.known)).toMatchObject({ credential: made.id })
  expect(ran.stderr).toContain('2 by digest, 1 of them in the inventory. 1 kept back')
  const { items } = await here.server.api<{ items: { id: string }[] }>('GET', '/api/v1/detections')
  const shown = await Promise.all(items.map((one) => here.server.api('GET', `/api/v1/detections/${one.id}`)))
  const stored = JSON.stringify(shown)
  expect(stored).toContain('.env')
  for (const secret of [known, unknown, 'kT4mQw82zR']) {
    expect(stored).not.toContain(secret)
    expect(here.server.log()).not.toContain(secret)
  }
})

test('the text report says whether the inventory has a secret; --report-to before a path takes the path for what it is', slow, async () => {
  const ran = await here.keyward(['scan', '--report-to', join(folder, 'a')])
  expect(ran.code, ran.stderr).toBe(1)
  expect(ran.stdout).toMatch(/in the inventory as cred_\w+, and seen outside it \(det_/)
  expect(ran.stdout).toMatch(/not in the inventory: nobody owns it \(det_/)
})

test('keyward detection lists what was reported, and takes a decision with its reason back', slow, async () => {
  const listed = await here.keyward(['detection', 'list', '--state', 'open', '--json'])
  const { items } = JSON.parse(listed.stdout) as { items: { id: string; credential: string | null }[] }
  const id = items.find((one) => one.credential === null)?.id ?? ''
  const dismissed = await here.keyward(['detection', 'dismiss', id, '--reason', 'a key of the demo', '--until', '30d', '--json'])
  expect(JSON.parse(dismissed.stdout)).toMatchObject({ id, state: 'dismissed', state_reason: 'a key of the demo' })
  expect((await here.keyward(['scan', '--report-to', join(folder, 'a')])).stdout).toContain(`dismissed as ${id}`)
  expect((await here.keyward(['detection', 'reopen', id])).code).toBe(0)
})

test('nobody logged in is said before anything is scanned; a server that is away, after the report, with exit code 3', slow, async () => {
  const nobody = await here.keyward(['scan', join(folder, 'a'), '--report-to'], { env: { XDG_CONFIG_HOME: join(folder, 'empty') } })
  expect([nobody.code, nobody.stdout]).toEqual([1, ''])
  expect(nobody.stderr).toContain('Not logged in')
  const away = await here.keyward(['scan', join(folder, 'a'), '--report-to', 'http://localhost:9'], { env: { KEYWARD_TOKEN: 'kwu_fake' } })
  expect(away.code, away.stderr).toBe(3)
  expect(away.stdout).toContain('.env')
})
