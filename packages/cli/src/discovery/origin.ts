import { statSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, resolve } from 'node:path'
import { git } from '@keyward/scanner/sources/git-command'

/** Where scanned paths are, for people elsewhere: the repository's address without user name and password, else machine and folder. */
export function originOf(path: string): string {
  const folder = folderOf(path)
  const remote = remoteOf(folder)
  if (remote === '') return `${hostname()}:${folder}`
  const url = URL.parse(remote)
  if (url === null || url.protocol === 'file:') return remote.replace(/^[^@/\s]+@/, '').slice(0, 300)
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  return url.href.slice(0, 300)
}

/** Empty where there is no repository, no remote or no git. */
function remoteOf(folder: string): string {
  try {
    return git(folder, ['config', '--get', 'remote.origin.url']).trim()
  } catch {
    return ''
  }
}

function folderOf(path: string): string {
  const whole = resolve(path)
  return statSync(whole, { throwIfNoEntry: false })?.isDirectory() ? whole : dirname(whole)
}
