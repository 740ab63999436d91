// Makes a project in which a key was leaked four times, and scans it. Needs no server, no account and no network.
//   node examples/exposure-review/run.ts [FOLDER]      FOLDER: keep the project there
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeProject } from './project.ts'

const given = process.argv[2]
if (given !== undefined && existsSync(given)) {
  process.stderr.write(`${given} is there already: name a folder that is to be made.\n`)
  process.exit(2)
}
const made = given === undefined ? mkdtempSync(join(tmpdir(), 'keyward-exposure-')) : undefined
const folder = made === undefined ? resolve(given ?? '') : join(made, 'support-agent')
try {
  makeProject(folder)
  process.stdout.write('$ keyward scan\n\n')
  const keyward = join(import.meta.dirname, '../../packages/cli/bin.mjs')
  const { status } = spawnSync(process.execPath, [keyward, 'scan'], { cwd: folder, stdio: 'inherit' })
  if (made === undefined) process.stdout.write(`\nThe project is in ${folder}.\n`)
  process.exitCode = status === 1 ? 0 : 1
} finally {
  if (made !== undefined) rmSync(made, { recursive: true, force: true })
}
