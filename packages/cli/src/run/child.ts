import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { exitCodes, Failure } from '../failure.ts'

/** Signals that a supervisor or terminal may send us and that are the program's to handle. */
const passedOn = ['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const

/** What shells answer where a command is not there, or may not be run. */
const notFound = 127
const notExecutable = 126

/**
 * Runs the program with our terminal, passes signals on, and resolves with the exit code to end with: the program's own, or 128 + the number
 * of the signal that ended it (what shells report); 127 where it isn't there and 126 where it can't be run, with a line that says so. Ctrl-C
 * reaches the program by itself, as it shares our terminal's process group; where there is no terminal, SIGINT is passed on like the others.
 */
export function runChild(command: readonly [string, ...string[]], env: Record<string, string>): Promise<number> {
  const [file, ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: 'inherit', env })
    const forward = (signal: NodeJS.Signals) => child.kill(signal)
    const ignore = () => {}
    for (const signal of passedOn) process.on(signal, forward)
    process.on('SIGINT', process.stdin.isTTY ? ignore : forward)
    const clear = () => {
      for (const signal of passedOn) process.off(signal, forward)
      process.off('SIGINT', forward)
      process.off('SIGINT', ignore)
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      clear()
      const code = error.code === 'ENOENT' ? notFound : error.code === 'EACCES' || error.code === 'ENOEXEC' ? notExecutable : undefined
      if (code === undefined) {
        reject(new Failure(exitCodes.refused, `${file} could not be started: ${error.message}`))
        return
      }
      process.stderr.write(`keyward: ${file}: ${code === notFound ? 'command not found' : 'not executable'}\n`)
      resolve(code)
    })
    child.once('exit', (code, signal) => {
      clear()
      resolve(code ?? 128 + (signal === null ? 0 : (constants.signals[signal] ?? 0)))
    })
  })
}
