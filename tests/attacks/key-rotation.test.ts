import { execFile } from 'node:child_process'
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Fake } from '@keyward/testkit/fake/server'
import { startFakeHttpApi } from '@keyward/testkit/http-api/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Cluster, startCluster } from '../support/cluster.ts'
import { makeEstate } from '../support/estate.ts'
import type { KeywardProcess } from '../support/keyward.ts'

const cli = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
let cluster: Cluster
let upstream: Fake

beforeAll(async () => {
  ;[cluster, upstream] = await Promise.all([startCluster(2), startFakeHttpApi()])
}, 60_000)
afterAll(async () => {
  await cluster.stop()
  await upstream.stop()
})

test('replacing the key-encryption key under two running nodes fails no call: not from a warm cache, not from an emptied one, not after the old key is gone', async () => {
  const [first, second] = cluster.nodes
  if (first === undefined || second === undefined) throw new Error('two nodes were asked for')
  const names = ['one', 'two', 'three']
  for (const name of names) upstream.keys.add(`FAKE-EXAMPLE-rotation-${name}-0123456789`)
  const estate = await makeEstate(
    first,
    names.map((name) => ({ name, kind: 'http' as const, upstream: upstream.origin, secret: `FAKE-EXAMPLE-rotation-${name}-0123456789` })),
  )
  const grants = await Promise.all(names.map((name) => estate.grant(name, { scope: { methods: ['GET'], paths: ['/**'] } })))
  const tokens = await Promise.all(grants.map((grant) => estate.token(grant)))

  const failures: string[] = []
  let calls = 0
  const call = async (node: KeywardProcess, index: number) => {
    const response = await fetch(`${node.origin}/g/${names[index]}/echo`, { headers: { authorization: `Bearer ${tokens[index]}` } })
    const text = await response.text()
    calls += 1
    if (response.status !== 200) failures.push(`${response.status} ${text}`)
  }
  let going = true
  const callers = Array.from({ length: 6 }, async (_, caller) => {
    const node = caller % 2 === 0 ? first : second
    while (going) await call(node, caller % names.length)
  })
  /** Each change of a credential makes the nodes forget its plan and its data key. */
  const churn = (async () => {
    for (let round = 0; going; round++) {
      const id = estate.credentials[names[round % names.length] ?? '']
      const { revision } = await first.api<{ revision: number }>('GET', `/api/v1/credentials/${id}`)
      await first.api('PATCH', `/api/v1/credentials/${id}`, { name: `renamed ${round}` }, { 'if-match': `"${revision}"` })
    }
  })()

  const oldUri = first.env.KEYWARD_KEK ?? ''
  const oldFile = oldUri.slice('file:'.length)
  const newFile = join(oldFile, '..', 'new.key')
  const env = { ...first.env, PATH: process.env.PATH ?? '' }
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [cli, 'kek', 'rotate', '--to', `file:${newFile}`, '--while-running', '--json'],
    { env },
  )
  expect(JSON.parse(stdout)).toMatchObject({ from: { uri: oldUri }, to: { uri: `file:${newFile}` } })
  // The old key is needed by nobody any more.
  renameSync(oldFile, `${oldFile}.away`)
  const until = calls + 200
  await expect.poll(() => calls, { timeout: 20_000 }).toBeGreaterThan(until)

  // A node that starts now knows the new key alone, and is told of it by the database.
  const third = await cluster.add({ env: { KEYWARD_KEK: `file:${newFile}` } })
  for (const index of names.keys()) await call(third, index)
  // Tokens that were signed before and after are good on all; new secrets are sealed under the new key.
  tokens[0] = await estate.token(grants[0] ?? '')
  for (const node of [first, second, third]) await call(node, 0)
  going = false
  await Promise.all([...callers, churn])
  expect(failures).toEqual([])
  rmSync(`${oldFile}.away`)
}, 120_000)
