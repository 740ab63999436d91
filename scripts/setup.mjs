// Set-up of a clone: runs before `npm start` and `npm test`, under whatever Node (20 or newer) the machine has.
// Plain JavaScript, no dependency: it is what installs them. Each step is skipped where its inputs have not changed.
//   --console   build the web console      --browser   make sure there is a Chromium for the browser tests
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pinnedNode } from '../packages/cli/pinned-node.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const wants = new Set(process.argv.slice(2))

installDependencies()
if (wants.has('--console')) buildConsole()
if (wants.has('--browser')) ensureBrowser()

function installDependencies() {
  const marker = join(root, 'node_modules', '.keyward-installed')
  const state = digest([read('package-lock.json'), process.platform, process.arch])
  if (existsSync(marker) && readFileSync(marker, 'utf8') === state) return
  say('installing dependencies (npm ci) …')
  const npm = process.env.npm_execpath
  const args = ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error']
  const result = npm
    ? spawnSync(process.execPath, [npm, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
    : spawnSync('npm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  if (result.status !== 0) fail('npm ci failed; its output above says why. Keyward needs the npm registry once, for its dependencies.')
  writeFileSync(marker, state)
}

function buildConsole() {
  const folder = join(root, 'packages', 'console')
  if (!existsSync(join(folder, 'vite.config.ts'))) return
  const marker = join(folder, 'dist', '.keyward-built')
  const inputs = [
    join(root, 'package-lock.json'),
    ...filesBelow(folder, ['dist', 'node_modules']),
    ...filesBelow(join(root, 'packages', 'contract'), ['node_modules']),
    ...filesBelow(join(root, 'packages', 'sdk'), ['node_modules']),
  ]
  const state = digest(inputs.flatMap((file) => [file.slice(root.length), readFileSync(file)]))
  if (existsSync(marker) && readFileSync(marker, 'utf8') === state) return
  say('building the console …')
  const node = pinnedNode() ?? process.execPath
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  const result = spawnSync(node, [vite, 'build', '--logLevel', 'warn'], { cwd: folder, stdio: ['ignore', 'inherit', 'inherit'] })
  if (result.status !== 0) fail('the console did not build; the output above says why.')
  mkdirSync(dirname(marker), { recursive: true })
  writeFileSync(marker, state)
}

function ensureBrowser() {
  if (browserOf()) return
  const isRoot = process.getuid?.() === 0
  if (isRoot && existsSync('/usr/bin/apt-get')) {
    say('installing Chromium for the browser tests (apt-get) …')
    const apt = (...args) =>
      spawnSync('apt-get', args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
        .status === 0
    const install = () => apt('install', '-y', '--no-install-recommends', 'chromium')
    if (install() || (apt('update') && install())) if (browserOf()) return
  }
  fail(
    'the browser tests need Chromium, and it could not be installed here.\n  Fix: sudo apt-get install --no-install-recommends chromium   (or set KEYWARD_CHROMIUM to a Chromium or Chrome)',
  )
}

function browserOf() {
  const places = [
    process.env.KEYWARD_CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ]
  return places.find((place) => place && existsSync(place))
}

function filesBelow(folder, skip) {
  const found = []
  for (const entry of readdirSync(folder).sort()) {
    if (skip.includes(entry)) continue
    const path = join(folder, entry)
    if (statSync(path).isDirectory()) found.push(...filesBelow(path, skip))
    else found.push(path)
  }
  return found
}

function digest(parts) {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}

function read(file) {
  return readFileSync(join(root, file))
}

function say(text) {
  process.stdout.write(`keyward set-up: ${text}\n`)
}

function fail(text) {
  process.stderr.write(`keyward set-up: ${text}\n`)
  process.exit(1)
}
