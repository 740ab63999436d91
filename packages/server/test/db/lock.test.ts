import { once } from 'node:events'
import { readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockFolder } from '../../src/db/embedded/lock.ts'
import { identify } from '../../src/db/embedded/processes.ts'
import { silentLog } from '../../src/db/log.ts'
import { end, type Running, run, temporaryFolder } from './processes.ts'

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

const locks = () => readdirSync(folder.path).filter((name) => name.startsWith('lock.'))
const lockText = () => readFileSync(join(folder.path, locks()[0] ?? ''), 'utf8')

test('of processes that start at once exactly one holds the folder, and the others are told so', async () => {
  for (let round = 0; round < 2; round++) {
    const started = await Promise.all(Array.from({ length: 5 }, () => run('hold-lock.ts', [folder.path])))
    expect(started.map((one) => one.line).sort()).toEqual(['held', 'in_use', 'in_use', 'in_use', 'in_use'])
    // The second round finds the lock of a holder that was killed.
    await Promise.all(started.map((one) => end(one, 'SIGKILL')))
  }
})

test('a holder that was killed stops nobody, and its lock is replaced', async () => {
  const first = await run('hold-lock.ts', [folder.path])
  await end(first, 'SIGKILL')
  const lock = await lockFolder(folder.path, silentLog, () => {})
  expect(locks()).toEqual(['lock.2'])
  lock.release()
})

test('a pid that another process has by now is no holder', async () => {
  const first = await run('hold-lock.ts', [folder.path])
  await end(first, 'SIGKILL')
  const text = JSON.parse(lockText()) as object
  writeFileSync(join(folder.path, 'lock.1'), JSON.stringify({ ...text, pid: process.ppid, start: `${identify(process.ppid)?.start}0` }))
  const lock = await lockFolder(folder.path, silentLog, () => {})
  lock.release()
})

test('a lock file that a crash emptied stops nobody', async () => {
  writeFileSync(join(folder.path, 'lock.7'), '')
  const lock = await lockFolder(folder.path, silentLog, () => {})
  expect(locks()).toEqual(['lock.8'])
  lock.release()
})

test('a released lock is free for another machine at once', async () => {
  const first = await lockFolder(folder.path, silentLog, () => {})
  first.release()
  pretendElsewhere('lock.1')
  const started = performance.now()
  const second = await lockFolder(folder.path, silentLog, () => {})
  expect(performance.now() - started).toBeLessThan(5_000)
  second.release()
})

test('a holder in another container is alive while it beats', async () => {
  const first = await lockFolder(folder.path, silentLog, () => {})
  first.release()
  pretendElsewhere('lock.1', { released: false })
  const beat = setInterval(() => utimesSync(join(folder.path, 'lock.1'), new Date(), new Date()), 200)
  await expect(lockFolder(folder.path, silentLog, () => {})).rejects.toMatchObject({ code: 'in_use' })
  clearInterval(beat)
})

test('a holder in another container that is silent for ten seconds is dead', { timeout: 30_000 }, async () => {
  const first = await lockFolder(folder.path, silentLog, () => {})
  first.release()
  pretendElsewhere('lock.1', { released: false })
  const second = await lockFolder(folder.path, silentLog, () => {})
  expect(locks()).toEqual(['lock.2'])
  second.release()
})

test('a paused holder whose folder was taken learns of it', async () => {
  const holder: Running = await run('hold-lock.ts', [folder.path])
  expect(holder.line).toBe('held')
  const said = once(createInterface({ input: holder.child.stdout as NodeJS.ReadableStream }), 'line')
  writeFileSync(join(folder.path, 'lock.2'), lockText(), { mode: 0o600 })
  expect(await said).toEqual(['lost'])
  await end(holder, 'SIGKILL')
})

test('a lock is for its owner alone', async () => {
  const lock = await lockFolder(folder.path, silentLog, () => {})
  expect(statSync(join(folder.path, 'lock.1')).mode & 0o777).toBe(0o600)
  lock.release()
})

/** Rewrites a lock as if a process in another pid namespace had written it. */
function pretendElsewhere(name: string, changes: object = {}): void {
  const path = join(folder.path, name)
  const text = JSON.parse(readFileSync(path, 'utf8')) as object
  writeFileSync(path, JSON.stringify({ ...text, place: { host: 'elsewhere', boot: 'other', pids: 'pid:[1]' }, ...changes }))
}
