// Runs `keyward scan` without the rest of the command: node packages/scanner/src/main.ts scan [path…] [options]
import { enableCompileCache } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'

// Most of a small scan's time would be the reading of this program's own text; not in a shared folder, where others could plant theirs.
enableCompileCache(join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'keyward', 'compiled'))
process.exitCode = await (await import('./command/main.ts')).main(process.argv.slice(2))
