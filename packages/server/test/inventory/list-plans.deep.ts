import { afterAll, beforeAll, expect, test } from 'vitest'
import { combinations, reaches, startListPlans } from './list-plans.ts'

const count = 1_000_000
let plans: Awaited<ReturnType<typeof startListPlans>>
beforeAll(async () => {
  plans = await startListPlans(count)
}, 900_000)
afterAll(() => plans.stop())

test('at 1,000,000 credentials every combination of filters, words and reach is answered from an index', async () => {
  const wrong: string[] = []
  const slowest = { ms: 0, asked: '' }
  for (const roles of reaches) {
    for (const query of combinations()) {
      const started = performance.now()
      const { asked, nodes } = await plans.planOf({ ...query, limit: '50' }, roles)
      const ms = performance.now() - started
      if (ms > slowest.ms) Object.assign(slowest, { ms, asked })
      if (nodes.some((node) => node.type === 'Seq Scan' && node.relation === 'credentials')) wrong.push(`scans everything: ${asked}`)
      const sort = nodes.findIndex((node) => node.type === 'Sort')
      if (sort !== -1 && (nodes[sort + 1]?.rows ?? 0) > count / 10) wrong.push(`sorts ${nodes[sort + 1]?.rows} rows: ${asked}`)
    }
  }
  process.stdout.write(`slowest list at ${count} credentials: ${slowest.ms.toFixed(1)} ms, ${slowest.asked}\n`)
  expect(wrong).toEqual([])
})
