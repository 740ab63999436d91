import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type FaultProxy, startFaultProxy } from '@keyward/testkit/fault-proxy'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TestDatabase, testDatabase } from '../support/postgres.ts'

let database: TestDatabase
let proxy: FaultProxy
const folder = mkdtempSync(join(tmpdir(), 'kw-pg-proxy-'))

beforeAll(async () => {
  database = await testDatabase()
  const { host, port } = database.connection
  // PostgreSQL's clients find a unix socket by its folder and the port in its name.
  const name = `.s.PGSQL.${port}`
  proxy = await startFaultProxy({ target: { path: join(host, name) }, listen: { path: join(folder, name) } })
})
afterAll(async () => {
  await proxy.close()
  await database.drop()
  rmSync(folder, { recursive: true })
})

/** A connection through the proxy, and how it ended. */
async function connected(): Promise<{ client: pg.Client; ended: Promise<unknown> }> {
  const client = new pg.Client({ ...database.connection, host: folder })
  const ended = new Promise((resolve) => client.on('error', resolve))
  await client.connect()
  return { client, ended }
}

test('a database is reached through the proxy; a pause holds a query back and loses nothing of it', async () => {
  const { client } = await connected()
  expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  proxy.pause()
  let answered = false
  const asked = client.query('select 2 as two').then((result) => {
    answered = true
    return result
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(answered).toBe(false)
  proxy.resume()
  expect((await asked).rows).toEqual([{ two: 2 }])
  await client.end()
})

test('a listener behind a black hole hears nothing while others do, which is what deafness is', async () => {
  const deaf = await connected()
  const hears = new pg.Client(database.connection)
  await hears.connect()
  const heard: string[] = []
  deaf.client.on('notification', () => heard.push('deaf'))
  const told = new Promise<void>((resolve) => {
    hears.on('notification', () => {
      heard.push('hears')
      resolve()
    })
  })
  await deaf.client.query('listen revoked')
  await hears.query('listen revoked')
  proxy.set('down', { blackHole: true })
  await hears.query("notify revoked, 'x'")
  await told
  expect(heard).toEqual(['hears'])
  proxy.set('down', {})
  proxy.cutAll()
  expect(await deaf.ended).toBeInstanceOf(Error)
  await hears.end()
})

test('a cut in the middle of an answer ends the query with an error, and the next connection works', async () => {
  const { client, ended } = await connected()
  proxy.set('down', { cutAfterBytes: 100_000 })
  await expect(client.query("select repeat('x', 1000) from generate_series(1, 1000)")).rejects.toThrow('terminated')
  await ended
  proxy.set('down', {})
  const again = await connected()
  expect((await again.client.query('select 3 as three')).rows).toEqual([{ three: 3 }])
  await again.client.end()
})
