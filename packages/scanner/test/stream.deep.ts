import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { groqKey, scanTargets } from './material.ts'

test('a log stream of five gigabytes takes constant memory, and its last line is still looked at', async () => {
  const line = `${'2026-11-23T08:00:00Z INFO request served in 12 ms path=/v1/items status=200 '.repeat(12)}\n`
  const block = Buffer.from(line.repeat(1000))
  const blocks = Math.ceil(5e9 / block.length)
  let sent = 0
  const stream = new Readable({
    read() {
      if (sent < blocks) this.push(block)
      else this.push(sent === blocks ? Buffer.from(`token ${groqKey('last')}\n`) : null)
      sent++
    },
  })
  let most = 0
  const report = await scanTargets([{ kind: 'stream', stream, name: 'long', source: 'log' }], {
    onProgress: () => {
      most = Math.max(most, process.memoryUsage.rss())
    },
  })
  expect(report.counts.bytes).toBeGreaterThan(5e9)
  expect(report.detections[0]?.sightings[0]?.line).toBe(blocks * 1000 + 1)
  expect(most).toBeLessThan(500_000_000)
})
