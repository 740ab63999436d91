import { spawn } from 'node:child_process'
import { join } from 'node:path'

/**
 * Runs a shell command as it will run from now on: through `keyward run`, or as it is where nothing was lent. What it prints goes to standard
 * error. An interrupt ends the command, not us: the files still have to be put back.
 * @returns the exit code; 1 where a signal ended it
 */
export function check(command: string, grants: readonly string[], workload: string | undefined, server: string): Promise<number> {
  const shell = ['sh', '-c', command] as const
  const run = [join(import.meta.dirname, '../../bin.mjs'), 'run', '--server', server, ...grants.flatMap((grant) => ['--grant', grant])]
  const args = [...run, ...(workload === undefined ? [] : ['--workload', workload]), '--', ...shell]
  const [file, rest] = grants.length === 0 ? [shell[0], shell.slice(1)] : [process.execPath, args]
  const ignore = () => {}
  process.on('SIGINT', ignore)
  return new Promise((resolve, reject) => {
    const child = spawn(file, rest, { stdio: ['inherit', 2, 2] })
    const over = () => process.off('SIGINT', ignore)
    child.once('error', (error) => {
      over()
      reject(error)
    })
    child.once('exit', (code) => {
      over()
      resolve(code ?? 1)
    })
  })
}
