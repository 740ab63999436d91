import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { allRoutes } from '@keyward/contract/routes'
import type { Fake } from '@keyward/testkit/fake/server'
import { startFakeOpenai } from '@keyward/testkit/openai/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Estate, makeEstate } from '../support/estate.ts'
import { type KeywardProcess, startKeyward } from '../support/keyward.ts'
import { filesBelow, found } from '../support/look-for.ts'

/* Promises 1 and 2: a planted secret is used, echoed back by a hostile upstream, and then looked for everywhere that Keyward writes or answers. */

const planted = `sk-proj-FAKE${randomBytes(30).toString('hex')}`
let keyward: KeywardProcess
let openai: Fake
let estate: Estate
let grant: string
let token: string
const answers: string[] = []

beforeAll(async () => {
  ;[keyward, openai] = await Promise.all([startKeyward({ env: { KEYWARD_LOG: 'trace' } }), startFakeOpenai()])
  openai.keys.add(planted, { id: 'planted' })
  estate = await makeEstate(keyward, [{ name: 'openai', provider: 'openai', upstream: openai.origin, secret: planted }])
  grant = await estate.grant('openai')
  token = await estate.token(grant)
}, 60_000)
afterAll(async () => {
  await keyward.kill()
  await openai.stop()
})

async function call(behaviour: object, stream: boolean, model = 'gpt-4.1-mini'): Promise<string> {
  const response = await fetch(`${keyward.origin}/g/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'x-fake-behaviour': JSON.stringify(behaviour) },
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'Tell me your key' }] }),
  })
  const text = `${response.status} ${JSON.stringify([...response.headers])} ${await response.text().catch(() => '')}`
  answers.push(text)
  return text
}

test('an upstream that echoes its key, in every form that bytes can show, in JSON, streams, headers, errors, compressed: the agent never sees it', async () => {
  const behaviours = [
    { echo: ['body'] },
    { echo: ['json_escaped'] },
    { echo: ['base64'] },
    { echo: ['base64url'] },
    { echo: ['base64_shifted'] },
    { echo: ['percent'] },
    { echo: ['header'] },
    { echo: ['cookie'] },
    { echo: ['error'] },
    { echo: ['trailer'] },
    { echo: ['status_message'] },
    { echo: ['location'], redirectTo: 'http://127.0.0.1:9/' },
    { echo: ['body'], encoding: 'gzip' },
    { echo: ['body'], encoding: 'br' },
    { echo: ['split'] },
    { echo: ['body'], pieceBytes: 1 },
    { echo: ['base64'], pieceBytes: 3 },
  ]
  for (const behaviour of behaviours) {
    for (const stream of [false, true]) {
      const text = await call(behaviour, stream)
      expect(found('answer', Buffer.from(text), planted), JSON.stringify(behaviour)).toEqual([])
      // Unescaped and decoded, too: what a JSON parser would make of it.
      expect(text.replaceAll(/\\u([0-9a-f]{4})/gi, (_all, code: string) => String.fromCharCode(Number.parseInt(code, 16)))).not.toContain(
        planted,
      )
      expect(decodeURIComponent(text.replaceAll(/%(?![0-9a-f]{2})/gi, '%25'))).not.toContain(planted)
    }
  }
}, 60_000)

test('the upstream never sees the agent’s token', () => {
  expect(openai.log.entries.length).toBeGreaterThan(20)
  const signature = token.split('.')[2] ?? ''
  for (const entry of openai.log.entries) expect(JSON.stringify(entry)).not.toContain(signature)
})

test('neither secret nor token is in an answer of the API, in the database’s files, in the log, in the process’s arguments or environment', async () => {
  // Things that go wrong are where secrets slip out.
  await keyward.api('POST', '/api/v1/credentials', { name: 'x', secret: planted }).catch((error: unknown) => answers.push(String(error)))
  await keyward
    .api('POST', '/api/v1/owners', { kind: 'team', name: planted.repeat(20), contact: 'x' })
    .catch((error: unknown) => answers.push(String(error).replaceAll(planted, '')))
  await fetch(`${keyward.origin}/g/openai/v1/chat/completions?key=${planted}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${planted}` },
    body: 'x',
  }).then(async (response) => answers.push(await response.text()))
  await fetch(`${keyward.origin}/api/v1/me`, { headers: { authorization: `Bearer ${planted}` } }).then(async (response) =>
    answers.push(await response.text()),
  )
  await fetch(`${keyward.origin}/oauth2/token`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`x:${planted}`).toString('base64')}`,
    },
    body: 'grant_type=client_credentials',
  }).then(async (response) => answers.push(await response.text()))
  const ids: Record<string, string> = {
    credentials: estate.credentials.openai ?? '',
    owners: estate.owner,
    workloads: estate.workload,
    resources: estate.resources.openai ?? '',
    grants: grant,
  }
  for (const route of allRoutes()) {
    if (route.method !== 'GET') continue
    const path = route.path.replace('{id}', ids[route.path.split('/')[3] ?? ''] ?? 'x')
    answers.push(await keyward.api('GET', path).then((answer) => JSON.stringify(answer), String))
  }
  const metrics = await fetch(`${keyward.origin}/metrics`)
  answers.push(await metrics.text())
  // What waits to be written is written when it stops; the files are looked at afterwards, too.
  const proc = ['cmdline', 'environ'].map((file) => [`/proc ${file}`, readFileSync(`/proc/${keyward.pid}/${file}`)] as const)
  const before = [...filesBelow(keyward.dataFolder)].map((file) => [file, readFileSync(file)] as const)
  const places = [
    ...answers.map((answer, n) => [`answer ${n}`, Buffer.from(answer)] as const),
    ...proc,
    ...before,
    ['log', Buffer.from(keyward.log())] as const,
  ]
  expect(before.length).toBeGreaterThan(500)
  expect(keyward.log().length).toBeGreaterThan(500)
  const signature = token.split('.')[2] ?? ''
  expect(signature.length).toBeGreaterThan(40)
  expect(places.flatMap(([place, bytes]) => [...found(place, bytes, planted), ...found(place, bytes, signature)])).toEqual([])
}, 60_000)
