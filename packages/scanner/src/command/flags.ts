import { type ScanFlags, UsageError } from './options-table.ts'

export const formats = ['text', 'json', 'sarif', 'csv', 'junit', 'github'] as const
export type Format = (typeof formats)[number]

export function flag(flags: ScanFlags, name: string): boolean {
  return flags[name] === true
}

export function text(flags: ScanFlags, name: string): string | undefined {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
}

export function list(flags: ScanFlags, name: string): readonly string[] {
  const value = flags[name]
  return Array.isArray(value) ? value : typeof value === 'string' ? [value] : []
}

export function formatOf(flags: ScanFlags): Format {
  const wanted = flag(flags, 'json') ? 'json' : (text(flags, 'format') ?? 'text')
  const known = formats.find((one) => one === wanted)
  if (!known) throw new UsageError(`there is no format ${wanted}: use ${formats.join(', ')}`)
  return known
}

export function threadsOf(flags: ScanFlags): number | undefined {
  const wanted = text(flags, 'threads')
  if (wanted === undefined) return undefined
  if (!/^[1-9]\d{0,2}$/.test(wanted)) throw new UsageError('--threads takes a number from 1 on')
  return Number(wanted)
}
