import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { configurationFolder } from '@keyward/server/config'
import { exitCodes, Failure } from '../failure.ts'
import { canonicalOrigin } from './address.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** What `keyward login` leaves for one server: a file of mode 0600 in the configuration folder. */
export interface Profile {
  readonly token: string
  readonly expires_at: string
}

export function profilePath(env: Environment, origin: string): string {
  return join(configurationFolder(env), 'profiles', `${encodeURIComponent(canonicalOrigin(origin))}.json`)
}

export function readProfile(env: Environment, origin: string): Profile | undefined {
  const path = profilePath(env, origin)
  const text = readPrivateFile(path)
  if (text === undefined) return undefined
  try {
    const value = JSON.parse(text) as Partial<Profile>
    if (typeof value.token === 'string' && typeof value.expires_at === 'string') return { token: value.token, expires_at: value.expires_at }
  } catch {
    // Told below, without the text: it holds a token.
  }
  throw new Failure(exitCodes.refused, `${path} is not a profile of keyward`, { fix: 'Remove it, and run `keyward login`.' })
}

/** @returns the path, for people */
export function writeProfile(env: Environment, origin: string, profile: Profile): string {
  const path = profilePath(env, origin)
  writePrivateFile(path, `${JSON.stringify(profile, null, 2)}\n`)
  return path
}

export function removeProfile(env: Environment, origin: string): void {
  rmSync(profilePath(env, origin), { force: true })
}
