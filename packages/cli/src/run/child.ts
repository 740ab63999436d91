import { spawn } from 'node:child_process'
import { constants } from 'node:os'

/** Signals that a supervisor or terminal may send us and that are the program's to handle. */
const passedOn = ['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'] as const

/**
 * Runs the program with our terminal, passes signals on, and resolves with the exit code to end with: the program's own, or 128 + the number
 * of the signal that ended it (what shells report). Ctrl-C reaches the program by itself, as it shares our terminal's process group; where there
 * is no terminal, SIGINT is passed on like the others. Rejects where it can't be started.
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
    child.once('error', (error) => {
      clear()
      reject(error)
    })
    child.once('exit', (code, signal) => {
      clear()
      resolve(code ?? 128 + (signal === null ? 0 : (constants.signals[signal] ?? 0)))
    })
  })
}
