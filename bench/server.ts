// A whole Keyward in a process of its own, for benches: its PostgreSQL, durable audit, everything on.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Operator } from '../packages/server/test/gateway/operator.ts'

const readyMsMax = 30_000

/** Starts it on data in `folder`; node's own options (such as --cpu-prof) are passed on. */
export async function startServer(folder: string): Promise<{ operator: Operator; child: ChildProcess; pid: number }> {
  const env = {
    ...process.env,
    KEYWARD_DATA: join(folder, 'data'),
    KEYWARD_KEK: `file:${join(folder, 'key')}`,
    KEYWARD_PORT: '0',
    KEYWARD_CONSOLE: 'off',
    KEYWARD_LOG: 'warn',
    DATABASE_URL: '',
  }
  const main = fileURLToPath(new URL('../packages/server/src/main.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, main], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  const deadline = performance.now() + readyMsMax
  for (;;) {
    try {
      return { operator: await Operator.of(env.KEYWARD_DATA), child, pid: child.pid ?? 0 }
    } catch (error) {
      if (performance.now() > deadline || child.exitCode !== null) {
        child.kill('SIGTERM')
        throw error
      }
      await sleep(100)
    }
  }
}

/** Ends processes and waits until they have. */
export async function endAll(children: readonly ChildProcess[]): Promise<void> {
  for (const child of children) child.kill('SIGTERM')
  await Promise.all(
    children.map((child) => new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(null)))),
  )
}
