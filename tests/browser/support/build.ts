import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = join(root, 'packages/console')
const built = join(folder, 'dist/index.html')
/** Held by the process that builds: test files run side by side. */
const lock = join(folder, 'node_modules/.building')
const lockStaleMs = 120_000
const pollMs = 100

/** Builds the console where it is older than what it is made from. */
export async function buildConsole(): Promise<void> {
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  while (isStale()) {
    if (!takeLock()) {
      await pause(pollMs)
      continue
    }
    try {
      if (!isStale()) return
      const vite = join(root, 'node_modules/vite/bin/vite.js')
      const result = spawnSync(process.execPath, [vite, 'build', '--logLevel', 'warn'], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, NODE_ENV: 'production' },
      })
      if (result.status !== 0) throw new Error(`The console did not build:\n${result.stdout}\n${result.stderr}`)
    } finally {
      rmdirSync(lock)
    }
  }
}

function isStale(): boolean {
  if (!existsSync(built)) return true
  const builtMs = statSync(built).mtimeMs
  const sources = [folder, join(root, 'packages/contract/src'), join(root, 'packages/sdk/src')]
  return sources.some((source) => newestMs(source) > builtMs)
}

function newestMs(path: string): number {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(
    0,
    ...readdirSync(path).flatMap((name) => (name === 'dist' || name === 'node_modules' ? [] : [newestMs(join(path, name))])),
  )
}

function takeLock(): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch {
    if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > lockStaleMs) rmdirSync(lock)
    return false
  }
}
