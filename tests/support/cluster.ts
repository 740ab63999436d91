import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KeywardOptions, type KeywardProcess, startKeyward } from './keyward.ts'
import { testDatabase } from './postgres.ts'

export interface Cluster {
  readonly nodes: readonly KeywardProcess[]
  readonly databaseUrl: string
  /** Starts one more node on the same database. */
  add(options?: KeywardOptions): Promise<KeywardProcess>
  stop(): Promise<void>
}

/** Several nodes of one installation: one database, one key-encryption key, one issuer, processes and ports of their own. */
export async function startCluster(count: number, each: (index: number) => KeywardOptions = () => ({})): Promise<Cluster> {
  const database = await testDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'keyward-cluster-'))
  const env = { KEYWARD_KEK: `file:${join(folder, 'kek.key')}`, KEYWARD_ISSUER: 'http://localhost:7411', KEYWARD_CONSOLE: 'off' }
  const nodes: KeywardProcess[] = []
  const start = async (options: KeywardOptions): Promise<KeywardProcess> => {
    const node = await startKeyward({ databaseUrl: database.url, ...options, env: { ...env, ...options.env } })
    nodes.push(node)
    return node
  }
  try {
    // The first alone: it migrates and makes the installation. The others find it.
    await start(each(0))
    await Promise.all(Array.from({ length: count - 1 }, (_, index) => start(each(index + 1))))
  } catch (error) {
    await Promise.all(nodes.map((node) => node.kill()))
    throw error
  }
  return {
    nodes,
    databaseUrl: database.url,
    add: (options = {}) => start(options),
    async stop() {
      await Promise.all(nodes.map((node) => (node.process.exitCode === null && node.process.signalCode === null ? node.kill() : undefined)))
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
