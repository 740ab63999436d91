// Type check of the whole workspace: one project for everything that runs on Node, one for the console.
import { spawnSync } from 'node:child_process'

let failed = false
for (const project of ['tsconfig.json', 'packages/console/tsconfig.json']) {
  const result = spawnSync('tsc', ['-p', project], { stdio: 'inherit' })
  if (result.status !== 0) failed = true
}
process.exit(failed ? 1 : 0)
