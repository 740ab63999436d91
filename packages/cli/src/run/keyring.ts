import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Where a private key lives on this machine: the keyring of the operating system where it has one that answers (`secret-tool` of libsecret,
 * `security` of macOS), else a file that only its owner reads.
 */
export interface KeyStore {
  /** For people: `the keyring of this computer`, or the file's path. */
  readonly place: string
  read(name: string): Promise<string | undefined>
  write(name: string, value: string): Promise<void>
  remove(name: string): Promise<void>
}

const service = 'keyward'

/** The best store of this machine. `folder` is for files. KEYWARD_KEYRING=file skips the keyring. */
export function openKeyStore(folder: string, env: Readonly<Record<string, string | undefined>>): KeyStore {
  if (env.KEYWARD_KEYRING !== 'file') {
    if (process.platform === 'darwin') return macKeychain
    if (
      process.platform === 'linux' &&
      env.DBUS_SESSION_BUS_ADDRESS !== undefined &&
      answers('secret-tool', ['search', 'service', service])
    )
      return libsecret
  }
  return fileStore(folder)
}

const libsecret: KeyStore = {
  place: 'the keyring of this computer',
  read: (name) => output('secret-tool', ['lookup', 'service', service, 'account', name]),
  write: (name, value) => input('secret-tool', ['store', '--label', `Keyward ${name}`, 'service', service, 'account', name], value),
  remove: async (name) => {
    await output('secret-tool', ['clear', 'service', service, 'account', name])
  },
}

const macKeychain: KeyStore = {
  place: 'the keychain of this Mac',
  read: (name) => output('security', ['find-generic-password', '-s', service, '-a', name, '-w']),
  // `security -i` reads its command from standard input, so the key is never an argument that other users can see.
  write: (name, value) =>
    input('security', ['-i'], `add-generic-password -U -s ${service} -a "${name}" -X ${Buffer.from(value).toString('hex')}\n`),
  remove: async (name) => {
    await output('security', ['delete-generic-password', '-s', service, '-a', name])
  },
}

/** Files `NAME.key`, mode 0600 in a folder of mode 0700, written whole or not at all. A file that others can read is refused. */
export function fileStore(folder: string): KeyStore {
  const path = (name: string) => `${folder}/${name.replaceAll(/[^A-Za-z0-9_.-]/g, '_')}.key`
  return {
    place: folder,
    async read(name) {
      const file = path(name)
      try {
        if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0)
          throw new Error(`${file} is readable by others. Fix: chmod 600 ${file}`)
        return readFileSync(file, 'utf8')
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      }
    },
    async write(name, value) {
      const file = path(name)
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
      chmodSync(dirname(file), 0o700)
      writeFileSync(`${file}.new`, value, { mode: 0o600 })
      renameSync(`${file}.new`, file)
    },
    async remove(name) {
      rmSync(path(name), { force: true })
    },
  }
}

function answers(command: string, args: readonly string[]): boolean {
  const result = spawnSync(command, args, { stdio: 'ignore', timeout: 3_000 })
  return result.error === undefined && result.signal === null && (result.status === 0 || result.status === 1)
}

function output(command: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] })
    let text = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    child.once('error', reject)
    child.once('close', (code) => resolve(code === 0 && text !== '' ? text.replace(/\n$/, '') : undefined))
  })
}

function input(command: string, args: readonly string[], text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'ignore', 'ignore'] })
    child.once('error', reject)
    child.once('close', (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`${command} ended with ${code}: the key was not stored. Set KEYWARD_KEYRING=file to use a file`)),
    )
    child.stdin.end(text)
  })
}
