import { readdirSync, readFileSync } from 'node:fs'

/** Ticks of the kernel's clock in a second (USER_HZ, 100 on every Linux that we know). */
const ticksPerSecond = 100

/** Processor time in milliseconds that a process has used, user and system; 0 where it is gone. Linux only. */
export function processorMs(pid: number): number {
  const fields = statOf(pid)
  return fields === undefined ? 0 : ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1_000
}

/** The same of all processes below it, those that have ended included. */
export function processorMsBelow(pid: number): number {
  const parents = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const fields = /^\d+$/.test(name) ? statOf(Number(name)) : undefined
    if (fields === undefined) continue
    const parent = Number(fields[1])
    parents.set(parent, [...(parents.get(parent) ?? []), Number(name)])
  }
  const below = (one: number): number =>
    (parents.get(one) ?? []).reduce((sum, child) => sum + processorMs(child) + endedMs(child) + below(child), 0)
  return below(pid)
}

function endedMs(pid: number): number {
  const fields = statOf(pid)
  return fields === undefined ? 0 : ((Number(fields[13]) + Number(fields[14])) / ticksPerSecond) * 1_000
}

/** proc(5): the fields of /proc/PID/stat from the third (state) on. */
function statOf(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
