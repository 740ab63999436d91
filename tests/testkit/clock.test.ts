import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { ControlledClock } from '@keyward/testkit/clock'
import { expect, test } from 'vitest'

test('a controlled clock runs what falls due, in order, at its own time, timers of timers included', () => {
  const clock = new ControlledClock(1000)
  const seen: string[] = []
  clock.after(20, () => seen.push(`b ${clock.wallMs()}`))
  clock.after(10, () => {
    seen.push(`a ${clock.wallMs()}`)
    clock.after(5, () => seen.push(`c ${clock.wallMs()}`))
  })
  const cancel = clock.after(15, () => seen.push('never'))
  cancel()
  clock.advance(9)
  expect(seen).toEqual([])
  clock.advance(11)
  expect(seen).toEqual(['a 1010', 'c 1015', 'b 1020'])
  expect(clock.waiting).toBe(0)
  expect(() => clock.advance(-1)).toThrow(RangeError)
})

test('a step of the wall clock wakes no timer and leaves the monotonic clock alone', () => {
  const clock = new ControlledClock(1_000_000)
  let rang = false
  clock.after(100, () => {
    rang = true
  })
  clock.stepWall(-30_000)
  expect([clock.wallMs(), clock.monotonicMs(), rang]).toEqual([970_000, 0, false])
})

const preload = fileURLToPath(new URL('../../packages/testkit/src/skew-clock.ts', import.meta.url))
const report = `
  const [hrMs, upMs] = [Number(process.hrtime.bigint() / 1000000n), performance.now()]
  console.log(JSON.stringify({
    now: Date.now(), made: new Date().getTime(), text: Date.parse(Date()), fixed: new Date(5).getTime(), parts: new Date(2020, 0, 2).getMonth(),
    is: new Date() instanceof Date, kind: Object.prototype.toString.call(new Date()), sub: new (class extends Date {})().getTime(),
    copy: new Date().constructor === Date, origin: performance.timeOrigin + performance.now(), upMs, utc: Date.UTC(1970, 0, 1), hr: hrMs > 0,
  }))`

test.each([30_000, -30_000, 0])('a process that lives %d ms off is off in every wall clock and in no interval', (skewMs) => {
  const beforeMs = Date.now()
  const said = JSON.parse(
    execFileSync(process.execPath, ['--import', preload, '--eval', report], {
      env: { ...process.env, KEYWARD_TEST_SKEW_MS: String(skewMs) },
      encoding: 'utf8',
    }),
  ) as Record<string, number>
  const afterMs = Date.now()
  for (const name of ['now', 'made', 'sub', 'origin']) {
    expect(said[name]).toBeGreaterThanOrEqual(beforeMs + skewMs - 50)
    expect(said[name]).toBeLessThanOrEqual(afterMs + skewMs + 50)
  }
  expect(Math.abs(Number(said.text) - Number(said.now))).toBeLessThan(1500)
  expect(said).toMatchObject({ fixed: 5, parts: 0, is: true, kind: '[object Date]', copy: true, utc: 0 })
  expect(said.upMs).toBeLessThan(20_000)
})

test('a skew that is no number is refused at once', () => {
  expect(() =>
    execFileSync(process.execPath, ['--import', preload, '--eval', ''], {
      env: { ...process.env, KEYWARD_TEST_SKEW_MS: 'soon' },
      stdio: 'pipe',
    }),
  ).toThrow('KEYWARD_TEST_SKEW_MS must be a number')
})
