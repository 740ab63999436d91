// Makes `detectors.generated.json` from `detectors/*.yaml`; with `--check` only tells whether it is up to date (exit 1 where not).
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileFolder, detectorSetOf } from './load/folder.ts'

const here = dirname(fileURLToPath(import.meta.url))
const target = join(here, 'detectors.generated.json')

/** The generated file's text: a line a detector, so that a change shows as what it is. */
export function generated(): string {
  const set = detectorSetOf(compileFolder(join(here, '..', 'detectors'), 'js'))
  return `{"version":${JSON.stringify(set.version)},"detectors":[\n${set.detectors.map((one) => JSON.stringify(one)).join(',\n')}\n]}\n`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = generated()
  if (process.argv.includes('--check')) {
    let current = ''
    try {
      current = readFileSync(target, 'utf8')
    } catch {
      // missing is out of date
    }
    if (current !== wanted) {
      process.stderr.write('detectors.generated.json is out of date: run `node packages/scanner/src/compile-detectors.ts`\n')
      process.exit(1)
    }
  } else {
    writeFileSync(target, wanted)
    process.stdout.write(`${wanted.split('\n').length - 3} detectors\n`)
  }
}
