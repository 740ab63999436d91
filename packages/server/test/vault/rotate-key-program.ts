import { databaseOn } from '../../src/db/database.ts'
import { silentLog } from '../../src/db/log.ts'
import { createPool } from '../../src/db/pool.ts'
import { createLog } from '../../src/observe/log.ts'
import { openVault } from '../../src/vault/vault.ts'

/** Rotates the key-encryption key and says on standard output after each batch what is done, for the test that kills it there. */
const [url = '', dataFolder = '', configurationFolder = '', newUri = ''] = process.argv.slice(2)
const pool = createPool({ connectionString: url }, { name: 'keyward test', connectionsMax: 2, log: silentLog })
const log = createLog({ level: 'silent' })
const vault = await openVault({ db: databaseOn(pool), kekUri: undefined, dataFolder, configurationFolder, organisation: 'Example', log })
for await (const { table, rewrapped } of vault.rotateKeyEncryptionKey(newUri)) process.stdout.write(`${table} ${rewrapped}\n`)
await pool.end()
