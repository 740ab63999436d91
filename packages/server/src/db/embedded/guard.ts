import { spawn, spawnSync } from 'node:child_process'
import type { Account } from './account.ts'

/*
 * A server must not outlive Keyward, also when Keyward is killed with SIGKILL and can do nothing about it.
 * On Linux the kernel does it (prctl PR_SET_PDEATHSIG, set by setpriv); elsewhere a small shell that waits on a pipe from Keyward.
 * SIGQUIT is PostgreSQL's immediate shutdown: it ends in milliseconds and the next start recovers from the log. A fast
 * shutdown would first write a checkpoint, and how long that takes depends on the disk.
 */

/** The command that runs `program` and is ended by the kernel when this process dies, where the system can do that. */
export function guarded(program: string, args: readonly string[]): { command: string; args: string[]; byKernel: boolean } {
  const setpriv = kernelGuard()
  if (!setpriv) return { command: program, args: [...args], byKernel: false }
  // The signal is set after the fork: where the parent died in between, nobody would send it, so the child looks for itself.
  const script = `[ "$PPID" = ${process.pid} ] && exec "$@"`
  return { command: setpriv, args: ['--pdeathsig', 'QUIT', '--', '/bin/sh', '-c', script, 'sh', program, ...args], byKernel: true }
}

/** For systems without the kernel's help: ends `pid` when this process dies. Returns what calls it off. */
export function watchdog(pid: number, account: Account): () => void {
  const script = 'read -r word || kill -QUIT "$1"'
  const identity = account.drop ? { uid: account.uid, gid: account.gid } : {}
  const child = spawn('/bin/sh', ['-c', script, 'sh', String(pid)], {
    ...identity,
    cwd: '/',
    env: {},
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  child.unref()
  return () => child.stdin.end('off\n')
}

let found: string | false | undefined

/** The path of a setpriv that knows --pdeathsig (util-linux 2.33 or newer; busybox has one that doesn't). */
function kernelGuard(): string | false {
  if (found !== undefined) return found
  found = false
  if (process.platform === 'linux')
    for (const path of ['/usr/bin/setpriv', '/bin/setpriv', '/usr/local/bin/setpriv']) {
      const help = spawnSync(path, ['--help'], { encoding: 'utf8', env: {} })
      if (help.status === 0 && help.stdout.includes('--pdeathsig')) {
        found = path
        break
      }
    }
  return found
}
