import { readFileSync } from 'node:fs'
import { wrongUsage } from '../failure.ts'
import type { Parser } from '../resource/parsers.ts'
import { readStdin } from './stdin.ts'

/** The text of a file that a flag names. @throws Failure (usage) */
export function readTextFile(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw wrongUsage(`${flag}: ${file} can't be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The same, or standard input where the file is `-`. */
export async function readTextFrom(file: string, flag: string): Promise<string> {
  return file === '-' ? await readStdin() : readTextFile(file, flag)
}

/** @throws Failure (usage) without the text */
export function parseJson(text: string, flag: string, from: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw wrongUsage(`${flag}: ${from === '-' ? 'standard input' : from} is not JSON`)
  }
}

export const textFile: Parser = (file, flag) => readTextFile(file, flag)

/** The keys of a JWK set (RFC 7517 section 5) or SPIFFE bundle; a plain list will do. */
export const keysFile: Parser = (file, flag) => {
  const value = parseJson(readTextFile(file, flag), flag, file)
  const keys = typeof value === 'object' && value !== null && 'keys' in value ? value.keys : value
  if (!Array.isArray(keys)) throw wrongUsage(`${flag}: ${file} holds no key set`, 'It looks like {"keys":[…]}.')
  return keys
}
