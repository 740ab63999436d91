#!/usr/bin/env node
// The command starts on whatever Node the machine has; Keyward itself runs on the pinned Node 24.
import { spawn } from 'node:child_process'
import * as nodeModule from 'node:module'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { pinnedNode } from './pinned-node.mjs'

const entry = join(dirname(fileURLToPath(import.meta.url)), 'src', 'main.ts')
const major = Number(process.versions.node.split('.')[0])
if (major >= 24) {
  // Reading the program's own text would be most of a short command's time. Not in a folder that others can write.
  nodeModule.enableCompileCache(join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'keyward', 'compiled'))
  await import(pathToFileURL(entry).href)
} else {
  const node = pinnedNode()
  if (node === undefined) {
    process.stderr.write('keyward: needs Node 24, and its own copy is missing. Run `npm ci` in the clone, which brings it.\n')
    process.exit(2)
  }
  const child = spawn(node, [entry, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`keyward: could not start ${node}: ${error.message}\n`)
    process.exit(2)
  })
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal)
      process.kill(process.pid, signal)
    } else process.exit(code ?? 1)
  })
}
