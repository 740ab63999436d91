import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testDatabase } from '../../../../tests/support/postgres.ts'
import { compose } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import { createLog } from '../../src/observe/log.ts'
import { Operator } from './operator.ts'

export interface TestKeyward {
  readonly operator: Operator
  readonly origin: string
  readonly databaseUrl: string
  stop(): Promise<void>
}

/** The whole server in this process, on a database of its own. */
export async function startKeyward(databaseUrl?: string, more: Record<string, string> = {}): Promise<TestKeyward> {
  const folder = mkdtempSync(join(tmpdir(), 'keyward-gateway-'))
  const url = databaseUrl ?? (await testDatabase()).url
  const env = {
    KEYWARD_DATA: join(folder, 'data'),
    KEYWARD_PORT: '0',
    KEYWARD_KEK: `file:${join(folder, 'kek')}`,
    KEYWARD_CONSOLE: 'off',
    DATABASE_URL: url,
    ...more,
  }
  const keyward = await compose(readConfig(env, ''), createLog({ level: process.env.KEYWARD_TEST_LOG ?? 'silent' }))
  const operator = await Operator.of(keyward.dataFolder)
  return {
    operator,
    origin: operator.origin,
    databaseUrl: url,
    stop: async () => {
      await keyward.stop(0)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
