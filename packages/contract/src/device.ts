import { z } from 'zod'
import { Timestamp } from './page.ts'

/*
 * Logins by device code (RFC 8628): `keyward login --device` on a machine without a browser, approved by a person at another.
 */

/** Letters that are not taken for one another, and no vowels, so that no code is a word (RFC 8628, section 6.1). */
export const userCodeLetters = 'BCDFGHJKLMNPQRSTVWXZ'
export const userCodeChars = 8

/** A code as a person types it: case, spaces and hyphens don't matter. */
export function readUserCode(text: string): string | undefined {
  const letters = text.toUpperCase().replace(/[\s-]/g, '')
  return letters.length === userCodeChars && [...letters].every((letter) => userCodeLetters.includes(letter)) ? letters : undefined
}

/** `BCDF-GHJK` */
export function showUserCode(letters: string): string {
  return `${letters.slice(0, 4)}-${letters.slice(4)}`
}

export const DeviceLoginFind = z.strictObject({ user_code: z.string().max(40) }).meta({ id: 'DeviceLoginFind' })
export const DeviceLogin = z
  .object({
    machine: z.string().meta({ description: 'What the machine calls itself: nobody has checked it' }),
    ip: z.string().nullable().meta({ description: 'Where it asked from' }),
    created_at: Timestamp,
    expires_at: Timestamp,
    hours: z.number().int().meta({ description: 'How long the login lasts' }),
  })
  .meta({ id: 'DeviceLogin' })
export const DeviceLoginDecision = z
  .strictObject({ user_code: z.string().max(40), approve: z.boolean() })
  .meta({ id: 'DeviceLoginDecision' })

export type DeviceLogin = z.infer<typeof DeviceLogin>
