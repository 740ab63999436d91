import { expect, test } from 'vitest'
import { GroupCommit, OverloadError } from '../../src/audit/group-commit.ts'

class Refused extends Error {}

function journal(
  options: { inFlightMax?: number; waitingMax?: number; flush?: (batch: readonly number[]) => Promise<readonly number[]> } = {},
) {
  const batches: number[][] = []
  const gates: (() => void)[] = []
  const commits = new GroupCommit<number, number>({
    flush:
      options.flush ??
      (async (batch) => {
        batches.push([...batch])
        await new Promise<void>((resolve) => gates.push(resolve))
        return batch.map((one) => one * 10)
      }),
    isRefusal: (error) => error instanceof Refused,
    inFlightMax: options.inFlightMax ?? 1,
    waitingMax: options.waitingMax ?? 100,
    batchMax: 50,
  })
  return { commits, batches, gates }
}

const turn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

test('all that waits when a connection is free is written in one batch, and nobody is answered before it is written', async () => {
  const { commits, batches, gates } = journal()
  const answered: number[] = []
  const all = [1, 2, 3].map((one) => commits.submit(one).then((result) => answered.push(result)))
  await turn()
  const later = [4, 5].map((one) => commits.submit(one).then((result) => answered.push(result)))
  await turn()
  expect(batches).toEqual([[1, 2, 3]])
  expect(answered).toEqual([])
  gates.shift()?.()
  await Promise.all(all)
  expect(answered).toEqual([10, 20, 30])
  await turn()
  expect(batches[1]).toEqual([4, 5])
  gates.shift()?.()
  await Promise.all(later)
  await commits.drained()
})

test('no more batches are under way at once than allowed', async () => {
  const { commits, batches, gates } = journal({ inFlightMax: 2 })
  const all: Promise<number>[] = []
  for (let one = 0; one < 4; one++) {
    all.push(commits.submit(one))
    await turn()
  }
  expect(batches).toEqual([[0], [1]])
  gates.shift()?.()
  await turn()
  expect(batches[2]).toEqual([2, 3])
  for (const gate of gates) gate()
  await Promise.all(all)
})

test('a failed batch rejects its own waiters and no others', async () => {
  let calls = 0
  const { commits } = journal({
    flush: async (batch) => {
      calls += 1
      if (calls === 1) throw new Error('connection lost')
      return batch
    },
  })
  const first = Promise.allSettled([commits.submit(1), commits.submit(2)])
  await turn()
  const second = Promise.allSettled([commits.submit(3)])
  expect((await first).map((one) => one.status)).toEqual(['rejected', 'rejected'])
  expect((await second).map((one) => one.status)).toEqual(['fulfilled'])
  expect(calls).toBe(2)
})

test('one item that the database refuses is rejected alone; the others of its batch are written', async () => {
  const { commits } = journal({
    flush: async (batch) => {
      if (batch.includes(7)) throw new Refused('bad item')
      return batch
    },
  })
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, one) => commits.submit(one)))
  expect(results.filter((one) => one.status === 'rejected')).toHaveLength(1)
  expect(results[7]).toMatchObject({ status: 'rejected' })
})

test('what may wait is bounded: beyond it an item is refused at once, and accepted again when there is room', async () => {
  const { commits, gates } = journal({ waitingMax: 3 })
  const first = commits.submit(0)
  await turn()
  const waiting = [1, 2, 3].map((one) => commits.submit(one))
  await expect(commits.submit(4)).rejects.toThrow(OverloadError)
  gates.shift()?.()
  await first
  await turn()
  const again = commits.submit(5)
  gates.shift()?.()
  await Promise.all(waiting)
  await turn()
  gates.shift()?.()
  expect(await again).toBe(50)
})
