import { afterAll, beforeAll, expect, test } from 'vitest'
import { combinations, reaches, startListPlans } from './list-plans.ts'

// A tenth of what list-plans.deep.ts loads: enough rows that a scan of all of them is never the cheapest.
const count = 100_000
let plans: Awaited<ReturnType<typeof startListPlans>>
beforeAll(async () => {
  plans = await startListPlans(count)
}, 120_000)
afterAll(() => plans.stop())

test('every combination of filters, words and reach is answered from an index, and sorts no more than a fraction', async () => {
  const wrong: string[] = []
  for (const roles of reaches) {
    for (const query of combinations()) {
      const { asked, nodes, next } = await plans.planOf({ ...query, limit: '50' }, roles)
      const second = next === null ? undefined : await plans.planOf({ ...query, limit: '50', cursor: next }, roles)
      for (const plan of [nodes, second?.nodes ?? []]) {
        if (plan.some((node) => node.type === 'Seq Scan' && node.relation === 'credentials')) wrong.push(`scans everything: ${asked}`)
        const sort = plan.findIndex((node) => node.type === 'Sort')
        if (sort !== -1 && (plan[sort + 1]?.rows ?? 0) > count / 10) wrong.push(`sorts ${plan[sort + 1]?.rows} rows: ${asked}`)
      }
    }
  }
  expect(wrong).toEqual([])
}, 300_000)
