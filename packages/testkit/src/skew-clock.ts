/**
 * A preload (`node --import …/skew-clock.ts main.ts`) that makes a process live `KEYWARD_TEST_SKEW_MS` milliseconds ahead of the
 * machine (behind, when negative). Shifted: `Date.now()`, `new Date()`, `Date()`, `performance.timeOrigin`. Untouched: `performance.now()`,
 * `process.hrtime`, timers. That is what a node with a wrong clock is; its intervals are right.
 */
const skewMs = Number(process.env.KEYWARD_TEST_SKEW_MS ?? '0')
if (!Number.isFinite(skewMs)) throw new Error('KEYWARD_TEST_SKEW_MS must be a number of milliseconds, such as -30000')

if (skewMs !== 0) {
  const RealDate = Date
  const nowMs = (): number => RealDate.now() + skewMs

  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: unknown[], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [nowMs()] : args, newTarget === globalThis.Date ? target : newTarget),
    apply: () => new RealDate(nowMs()).toString(),
    get: (target, name) => (name === 'now' ? nowMs : Reflect.get(target, name)),
  })
  // A date made from another (`date.constructor`) must be of the shifted kind too.
  Object.defineProperty(RealDate.prototype, 'constructor', { value: globalThis.Date, writable: true, configurable: true })

  const originMs = performance.timeOrigin + skewMs
  Object.defineProperty(performance, 'timeOrigin', { value: originMs, configurable: true })
}
