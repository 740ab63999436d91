import { chmodSync, chownSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { type Account, canReach } from './account.ts'
import { EmbeddedPostgresError } from './errors.ts'
import { makeTemporary, type TemporaryFolder } from './temporary.ts'

/** The folder of the server's unix socket, of mode 0700: the way in, besides the password. */
export interface SocketFolder {
  /** As clients say it: absolute. */
  readonly path: string
  /** As the server says it: relative to its data folder where the folders above can't be entered by its account. */
  readonly forServer: string
  dispose(): void
}

/** PostgreSQL names a socket after a port, also where it listens on none. */
export const socketPort = 5432
const socketName = `/.s.PGSQL.${socketPort}`
/** sun_path of sockaddr_un, less its closing NUL: 108 bytes on Linux, 104 on the BSDs and macOS. */
const socketPathBytesMax = process.platform === 'linux' ? 107 : 103

/**
 * Below `home` where the path is short enough for a socket, else in a fresh folder of the system's temporary one.
 *
 * @throws EmbeddedPostgresError socket_path_too_long
 */
export function socketFolderFor(home: string, dataFolder: string, account: Account): SocketFolder {
  const own = join(home, 'socket')
  if (fits(own)) {
    mkdirSync(own, { recursive: true, mode: 0o700 })
    give(own, account)
    return { path: own, forServer: canReach(account, own) ? own : relative(dataFolder, own), dispose() {} }
  }
  for (const above of [process.env.XDG_RUNTIME_DIR, tmpdir(), '/tmp']) {
    if (!above || !fits(join(above, 'keyward-XXXXXX'))) continue
    const folder = makeIn(home, above, account)
    if (folder) return { path: folder.path, forServer: folder.path, dispose: folder.dispose }
  }
  throw new EmbeddedPostgresError(
    'socket_path_too_long',
    `The data folder's path is too long for a unix socket (at most ${socketPathBytesMax} bytes with the socket's name), and there is no usable temporary folder: ${own}`,
    'set KEYWARD_DATA to a folder with a shorter path.',
  )
}

function makeIn(home: string, above: string, account: Account): TemporaryFolder | undefined {
  try {
    const folder = makeTemporary(home, above)
    give(folder.path, account)
    if (canReach(account, folder.path)) return folder
    folder.dispose()
  } catch {
    // Not writable here: the next place may be.
  }
  return undefined
}

function fits(folder: string): boolean {
  return Buffer.byteLength(folder + socketName) <= socketPathBytesMax
}

function give(folder: string, account: Account): void {
  chmodSync(folder, 0o700)
  if (account.drop) chownSync(folder, account.uid, account.gid)
}
