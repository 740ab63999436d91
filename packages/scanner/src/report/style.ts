import { styleText } from 'node:util'

type Tone = Parameters<typeof styleText>[0]

/** Colours text, or leaves it. */
export type Paint = (tone: Tone, text: string) => string

/** Whether the stream shows colours: a terminal, `NO_COLOR` unset, `TERM` not dumb; `FORCE_COLOR` says yes to anything. */
export function paintFor(stream: { readonly isTTY?: boolean }, environment: NodeJS.ProcessEnv = process.env): Paint {
  const wanted = environment.FORCE_COLOR !== undefined && environment.FORCE_COLOR !== '0'
  const refused = environment.NO_COLOR !== undefined && environment.NO_COLOR !== ''
  const colours = !refused && (wanted || (stream.isTTY === true && environment.TERM !== 'dumb'))
  return colours ? (tone, text) => styleText(tone, text, { validateStream: false }) : (_, text) => text
}

/** `1 secret`, `2 secrets`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${thousands(count)} ${count === 1 ? one : many}`
}

/** `12,345`, without loading the locale data of ICU, which takes longer than a small scan. */
export function thousands(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',')
}

export function sized(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`
}

export function lasted(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  const seconds = milliseconds / 1000
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}
