import { existsSync, readdirSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { configurationFolder } from '@keyward/server/config'
import { type Check, fail, notKnown, pass, warning } from './check.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Files and folders of this machine: who else could read them. */
export async function checkLocal(env: Environment): Promise<Check[]> {
  const checks = [checkNode()]
  const data = resolve(env.KEYWARD_DATA ?? '.keyward')
  if (existsSync(data)) checks.push(checkMode('data folder', data), await checkKeyFile(env, data))
  else
    checks.push(
      notKnown('data folder', `there is none at ${data}`, 'On the machine of the server, run this in its folder, or set KEYWARD_DATA.'),
    )
  const configuration = configurationFolder(env)
  if (existsSync(configuration)) checks.push(...checkSecretFiles(configuration))
  return checks
}

function checkNode(): Check {
  const major = Number(process.versions.node.split('.')[0])
  return major >= 24
    ? pass('runtime', `Node ${process.versions.node}`)
    : fail('runtime', `Node ${process.versions.node}`, 'Keyward runs on Node 24: `npm ci` brings it.')
}

function checkMode(name: string, path: string): Check {
  if (process.platform === 'win32') return notKnown(name, `${path}: modes say nothing on Windows`)
  const mode = statSync(path).mode & 0o777
  return (mode & 0o077) === 0
    ? pass(name, `${path} is yours alone`)
    : fail(
        name,
        `others on this machine can get into ${path} (mode 0${mode.toString(8)})`,
        `chmod ${statSync(path).isDirectory() ? 700 : 600} ${path}`,
      )
}

async function checkKeyFile(env: Environment, data: string): Promise<Check> {
  const name = 'key-encryption key'
  const { defaultKeyUri, parseKeyUri } = await import('@keyward/server/vault/key-uri')
  const { readKeyFile } = await import('@keyward/server/vault/key-file')
  try {
    const address = parseKeyUri(env.KEYWARD_KEK?.trim() || (await localKeyUri(data)) || defaultKeyUri(configurationFolder(env), data))
    if (address.scheme === 'env') return notKnown(name, `it is in the variable ${address.name} of the server's environment`)
    readKeyFile(address.path).fill(0)
    const inside = relative(data, address.path)
    if (!inside.startsWith('..') && !isAbsolute(inside))
      return fail(
        name,
        `${address.path} is inside the data folder: a copy of the data is a copy of the secrets`,
        `keyward kek rotate --to file:… (a path elsewhere)`,
      )
    return pass(name, `${address.path} is readable for you alone, and outside the data folder`)
  } catch (error) {
    return fail(
      name,
      error instanceof Error ? error.message : String(error),
      'Put the key back from its copy; without it no stored secret can be read.',
    )
  }
}

/** Where the running server said that its key is. */
async function localKeyUri(data: string): Promise<string | undefined> {
  const { readFileSync } = await import('node:fs')
  try {
    const file: unknown = JSON.parse(readFileSync(join(data, 'local-login.json'), 'utf8'))
    return typeof file === 'object' && file !== null && 'key_encryption_key' in file ? String(file.key_encryption_key) : undefined
  } catch {
    return undefined
  }
}

/** Profiles, enrolment keys, key-encryption keys: all of mode 0600. */
function checkSecretFiles(folder: string): Check[] {
  if (process.platform === 'win32') return []
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const open = files.map((entry) => join(entry.parentPath, entry.name)).filter((path) => (statSync(path).mode & 0o077) !== 0)
  return open.length === 0
    ? [pass('configuration', `${files.length} files in ${folder}, all yours alone`)]
    : open.map((path) =>
        warning('configuration', `others on this machine can read ${path}`, `chmod 600 ${path}, and replace what it holds`),
      )
}
