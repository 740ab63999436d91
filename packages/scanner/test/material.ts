import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { crc32, deflateRawSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { afterAll } from 'vitest'
import type { Terminal } from '../src/command/terminal.ts'
import type { Report } from '../src/detection/detection.ts'
import type { ScanOptions, Target } from '../src/run/options.ts'
import { scanToReport } from '../src/scan.ts'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Letters and digits that look random and are the same for the same seed: nobody issued them. */
export function random(seed: string, length: number): string {
  let out = ''
  for (let round = 0; out.length < length; round++) {
    for (const byte of createHash('sha256').update(`${seed}${round}`).digest())
      if (byte < 248 && out.length < length) out += alphabet[byte % 62]
  }
  return out
}

/** Keys in their issuers' form, made here, so that no file of the repository holds one. */
export const openaiKey = (seed: string) => `sk-proj-${random(seed, 74)}T3BlbkFJ${random(`${seed}-`, 74)}`
export const anthropicKey = (seed: string) => `sk-ant-api03-${random(seed, 93)}AA`
export const groqKey = (seed: string) => `gsk_${random(seed, 52)}`

const folders: string[] = []

/** A folder of its own, gone after the tests of the file. */
export function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'keyward-scan-'))
  folders.push(made)
  return made
}

afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true, force: true })
})

export function write(root: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), content)
  }
  return root
}

/** Runs git as a person would, untouched by the machine's own settings. */
export function git(root: string, ...args: string[]): string {
  return execFileSync('git', ['-c', 'commit.gpgsign=false', '-c', 'init.defaultBranch=main', ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: root,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Ana Author',
      GIT_AUTHOR_EMAIL: 'ana@example.com',
      GIT_COMMITTER_NAME: 'Ana Author',
      GIT_COMMITTER_EMAIL: 'ana@example.com',
      GIT_AUTHOR_DATE: process.env.TEST_GIT_DATE ?? '2026-01-02T03:04:05Z',
      GIT_COMMITTER_DATE: process.env.TEST_GIT_DATE ?? '2026-01-02T03:04:05Z',
    },
  })
}

export function repository(files: Readonly<Record<string, string | Uint8Array>>, message = 'first'): string {
  const root = write(folder(), files)
  git(root, 'init', '-q')
  git(root, 'add', '-f', '.')
  git(root, 'commit', '-q', '-m', message)
  return root
}

export function scanTargets(targets: readonly Target[], options: Partial<ScanOptions> = {}): Promise<Report> {
  return scanToReport({ threads: 1, ...options, targets })
}

export function scanFolder(path: string, options: Partial<ScanOptions> = {}): Promise<Report> {
  return scanTargets([{ kind: 'path', path }], options)
}

/** A zip as zip programs write it. `size` may lie about what a member expands to. */
export function zip(members: Readonly<Record<string, string | Uint8Array>>): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [name, content] of Object.entries(members)) {
    const plain = Buffer.from(content)
    const packed = deflateRawSync(plain)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(8, 4)
    fields.writeUInt32LE(crc32(plain), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(plain.length, 18)
    fields.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), fields, Buffer.from(name), packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    central.push(Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 0]), fields, tail, Buffer.from(name)]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.set([0x50, 0x4b, 5, 6])
  end.writeUInt16LE(central.length, 8)
  end.writeUInt16LE(central.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}

export async function tar(members: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> {
  const archive = pack()
  for (const [name, content] of Object.entries(members)) archive.entry({ name }, Buffer.from(content))
  archive.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of archive) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** A terminal whose output is read back. */
export function terminal(stdin: string | Uint8Array = ''): Terminal & { out(): string; err(): string } {
  const out: Buffer[] = []
  const err: Buffer[] = []
  const stream = (into: Buffer[]) => {
    const through = new PassThrough()
    through.on('data', (chunk: Buffer) => into.push(chunk))
    return through as unknown as NodeJS.WriteStream
  }
  return {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: stream(out),
    stderr: stream(err),
    out: () => Buffer.concat(out).toString('utf8'),
    err: () => Buffer.concat(err).toString('utf8'),
  }
}
