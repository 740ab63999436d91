// The rules of ARCHITECTURE.md that are about who may import whom, and no import cycles. Reads source text; fails when it saw
// too few files, because a checker that reads nothing finds nothing.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const filesSeenMin = 700

/** What each package may import of ours. The order is the DAG: later ones may know earlier ones. */
const packagesAllowed = {
  contract: [],
  testkit: ['contract'],
  scanner: ['contract'],
  sdk: ['contract'],
  server: ['contract', 'scanner'],
  console: ['contract', 'sdk'],
  cli: ['contract', 'scanner', 'sdk', 'server'],
}

/** Folders of the server and what they must not import. `compose` and `main` alone know everybody. */
const serverForbidden = {
  gateway: ['http', 'oauth', 'people', 'lifecycle', 'connectors', 'main', 'compose'],
  vault: ['http', 'oauth', 'people', 'gateway', 'policy', 'inventory', 'main', 'compose'],
  egress: ['http', 'oauth', 'people', 'gateway', 'policy', 'inventory', 'db', 'main', 'compose'],
  db: ['http', 'oauth', 'people', 'gateway', 'policy', 'inventory', 'vault', 'audit', 'main', 'compose'],
  audit: ['http', 'oauth', 'people', 'gateway', 'main', 'compose'],
  policy: ['http', 'oauth', 'people', 'gateway', 'main', 'compose'],
  inventory: ['http', 'oauth', 'gateway', 'main', 'compose'],
  oauth: ['http', 'people', 'gateway', 'main', 'compose'],
  people: ['gateway', 'main', 'compose'],
  http: ['gateway', 'main', 'compose'],
  observe: ['http', 'oauth', 'people', 'gateway', 'policy', 'inventory', 'vault', 'audit', 'db', 'main', 'compose'],
}

/** Modules that open sockets. In the server only egress/ may; the database driver lives in db/. */
const socketModules = ['undici', 'node:net', 'node:tls', 'node:http2', 'node:dgram', 'node:https', 'node:dns']
const socketFolders = ['egress']
/** Listening is not going out: these files bind a server. `node:http` is allowed there, for createServer alone. */
const listeners = ['compose.ts', 'main.ts', 'listener.ts']

const problems = []
const imports = new Map()
for (const file of sources(join(root, 'packages'))) {
  const text = readFileSync(file, 'utf8')
  const found = importsOf(text)
  imports.set(
    file,
    found.filter((one) => one.startsWith('.')).map((one) => resolve(dirname(file), one)),
  )
  const [, name, , ...rest] = relative(root, file).split('/')
  const isTest = /\.test\.tsx?$/.test(file) || relative(root, file).split('/')[2] === 'test'
  if (isTest) continue
  for (const target of found) {
    const ours = /^@keyward\/([a-z]+)(?:\/|$)/.exec(target)?.[1] ?? (target === 'keyward' ? 'cli' : undefined)
    if (ours && ours !== name && !packagesAllowed[name]?.includes(ours)) report(file, `package ${name} must not import ${ours}`)
    if (target.startsWith('.') && relative(join(root, 'packages', name), resolve(dirname(file), target)).startsWith('..'))
      report(file, `import leaves its package by path: ${target}`)
    if (name === 'server') {
      const folder = rest.length > 1 ? rest[0] : rest[0]?.replace(/\.ts$/, '')
      const to = target.startsWith('.')
        ? relative(join(root, 'packages', 'server', 'src'), resolve(dirname(file), target))
            .split('/')[0]
            ?.replace(/\.ts$/, '')
        : undefined
      if (to && to !== folder && serverForbidden[folder]?.includes(to)) report(file, `${folder}/ must not import ${to}`)
      if (
        socketModules.includes(target) &&
        !socketFolders.includes(folder) &&
        !listeners.includes(rest.at(-1)) &&
        !isTypeOnly(text, target)
      )
        report(file, `${target} opens sockets: go through egress/`)
    }
    if (name === 'contract' && target.startsWith('node:')) report(file, 'contract does no IO')
  }
  if (name === 'server' && !listeners.includes(rest.at(-1)) && rest[0] !== 'egress' && /(^|[^.\w])fetch\(/m.test(text))
    report(file, 'fetch() opens sockets: go through egress/')
}
for (const cycle of cycles(imports)) problems.push(`import cycle: ${cycle.map((file) => relative(root, file)).join(' -> ')}`)
if (imports.size < filesSeenMin)
  problems.push(`only ${imports.size} files seen, at least ${filesSeenMin} expected: the checker looked in the wrong place`)

for (const problem of problems) process.stderr.write(`${problem}\n`)
process.stdout.write(`boundaries: ${imports.size} files, ${problems.length} problems\n`)
process.exit(problems.length > 0 ? 1 : 0)

function report(file, text) {
  problems.push(`${relative(root, file)}: ${text}`)
}

function importsOf(text) {
  const found = []
  for (const match of text.matchAll(
    /(?:^|[\n;])\s*(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|(?:^|[\n;])\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g,
  ))
    found.push(match[1] ?? match[2] ?? match[3])
  return found
}

function isTypeOnly(text, target) {
  const lines = text.split('\n').filter((line) => line.includes(`'${target}'`))
  return (
    lines.length > 0 &&
    lines.every(
      (line) =>
        /^\s*import type /.test(line) || /^import \{ (?:isIP|BlockList|isIP, BlockList|BlockList, isIP) \} from 'node:net'/.test(line),
    )
  )
}

function* sources(folder) {
  for (const entry of readdirSync(folder).sort()) {
    if (['node_modules', 'dist', 'corpus', 'fixtures'].includes(entry)) continue
    const path = join(folder, entry)
    if (statSync(path).isDirectory()) yield* sources(path)
    else if (/\.(ts|tsx)$/.test(entry) && !entry.endsWith('.d.ts')) yield path
  }
}

function cycles(graph) {
  const found = []
  const state = new Map()
  const trail = []
  const visit = (file) => {
    if (state.get(file) === 'done' || !graph.has(file)) return
    if (state.get(file) === 'open') {
      found.push([...trail.slice(trail.indexOf(file)), file])
      return
    }
    state.set(file, 'open')
    trail.push(file)
    for (const next of graph.get(file)) visit(next)
    trail.pop()
    state.set(file, 'done')
  }
  for (const file of graph.keys()) visit(file)
  return found
}
