import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type IncomingMessage, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Fake } from '../../testkit/src/fake/server.ts'
import { startFakeOpenai } from '../../testkit/src/openai/server.ts'
import { ended } from '../src/adopt/adopt.ts'
import { Adoptions } from '../src/adopt/adoption.ts'
import { sha256 } from '../src/adopt/plan.ts'
import { draftOf, replaceFile } from '../src/adopt/replace.ts'
import { finished, type Installation, type Ran, type RunOptions, startInstallation } from './installation.ts'

const slow = { timeout: 120_000 }
const random = (chars: number) =>
  randomBytes(chars)
    .toString('base64')
    .replaceAll(/[^A-Za-z0-9]/g, 'x')
    .slice(0, chars)
/** Of the vendor's form and made up now: no key of anybody. */
const madeUpKey = () => `sk-proj-${random(74)}T3BlbkFJ${random(74)}`

let here: Installation
let folder: string
let openai: Fake
const key = madeUpKey()
const secrets: string[] = [key]
const ends: (() => Promise<void> | void)[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyward-adopt-'))
  here = await startInstallation()
  openai = await startFakeOpenai({ key })
  await here.server.api('POST', '/api/v1/owners', { kind: 'person', name: 'Ana Example', contact: 'Ana@example.com' })
}, 120_000)
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})
afterAll(async () => {
  await here?.stop()
  await openai?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A repository with one commit by Ana. */
function repository(name: string, files: Readonly<Record<string, string>>): string {
  const top = join(folder, name)
  mkdirSync(top)
  for (const [path, text] of Object.entries(files)) writeFileSync(join(top, path), text)
  const git = (...args: string[]) => execFileSync('git', args, { cwd: top, stdio: 'pipe' })
  git('init', '-q')
  git('config', 'user.name', 'Ana Example')
  git('config', 'user.email', 'ana@example.com')
  git('add', '.')
  git('commit', '-q', '-m', 'first')
  return top
}

function newKey(): string {
  const made = madeUpKey()
  secrets.push(made)
  return made
}

async function adopt(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const ran = await here.keyward(['adopt', ...args], options)
  for (const secret of secrets) expect(ran.stdout + ran.stderr).not.toContain(secret)
  return ran
}

interface Told {
  readonly adoption: string
  readonly adopted: { credential: string; resource: string | null; grant: string | null; commits: number; was_known: boolean }[]
  readonly by_hand: { path: string; line: number; why: string }[]
  readonly files: string[]
}
async function adopted(args: readonly string[], code = 0, options: RunOptions = {}): Promise<Told> {
  const ran = await adopt([...args, '--json'], options)
  expect(ran.code, ran.stderr).toBe(code)
  return JSON.parse(ran.stdout) as Told
}

const credentials = async () =>
  (await here.server.api<{ items: { id: string; name: string; owner: string }[] }>('GET', '/api/v1/credentials?limit=200')).items
const state = () => join(String(here.env.HOME), '.local', 'state', 'keyward', 'adoptions')

test(
  'an adopted key works through keyward run and is in no file any more; its owner is who committed it; undo restores every byte',
  slow,
  async () => {
    const old = `# settings\r\nOPENAI_API_KEY="${key}"\r\nPORT=80\r\n`
    const top = repository('shop', { '.env': old })
    const file = join(top, '.env')
    chmodSync(file, 0o640)
    const program = `
    const answer = await fetch(process.env.OPENAI_BASE_URL + '/models', { headers: { authorization: 'Bearer ' + process.env.OPENAI_API_KEY } })
    if (answer.status !== 200 || (await import('node:fs')).readFileSync('${file}', 'utf8').includes('sk-')) process.exit(7)`
    writeFileSync(join(folder, 'check.mjs'), program)
    const flags = [
      '--upstream',
      openai.origin,
      '--allow-private',
      '--workload',
      'Shop agent',
      '--check',
      `${process.execPath} ${join(folder, 'check.mjs')}`,
    ]
    const told = await adopted([`${file}:2`, ...flags])
    expect(told.adopted).toMatchObject([{ commits: 1, was_known: false, grant: expect.stringMatching(/^grt_/) }])
    const now = readFileSync(file, 'utf8')
    expect(now).toMatch(
      /^# settings\r\n# OPENAI_API_KEY is kept by Keyward as cred_\w+\. Start with: keyward run --grant grt_\w+ -- COMMAND\r\nPORT=80\r\n$/,
    )
    expect(statSync(file).mode & 0o7777).toBe(0o640)
    expect(readdirSync(top).sort()).toEqual(['.env', '.git'])
    const [made] = (await credentials()).filter((one) => one.id === told.adopted[0]?.credential)
    const owners = await here.server.api<{ items: { id: string; name: string }[] }>('GET', '/api/v1/owners')
    expect(owners.items.find((one) => one.id === made?.owner)?.name).toBe('Ana Example')
    expect(made?.name).toBe('OpenAI project API key of shop')

    const copies = join(state(), told.adoption)
    expect(statSync(copies).mode & 0o777).toBe(0o700)
    for (const name of readdirSync(copies)) expect(statSync(join(copies, name)).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(copies, 'manifest.json'), 'utf8')).not.toContain(key)

    expect((await adopt(['--undo', told.adoption])).code).toBe(0)
    expect(readFileSync(file, 'utf8')).toBe(old)
    expect(statSync(file).mode & 0o7777).toBe(0o640)
    const again = await adopted([`${file}:2`, ...flags])
    expect(again.adopted).toMatchObject([
      { credential: told.adopted[0]?.credential, resource: told.adopted[0]?.resource, grant: told.adopted[0]?.grant, was_known: true },
    ])
    expect(readFileSync(file, 'utf8')).toBe(now)
    expect(here.server.log()).not.toContain(key)

    expect((await adopt(['--forget', again.adoption])).code).toBe(0)
    expect(existsSync(join(state(), again.adoption))).toBe(false)
  },
)

test('where the program does not start any more, every file is put back and the secret is in the vault all the same', slow, async () => {
  const old = `import OpenAI from 'openai'\nexport const client = new OpenAI({ apiKey: '${newKey()}' })\n`
  const top = repository('checked', { 'client.mjs': old })
  const before = (await credentials()).length
  const ran = await adopt([top, '--check', `grep -q process.env.OPENAI_API_KEY ${join(top, 'client.mjs')} && exit 3`])
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('ended with 3: every file is as it was')])
  expect(readFileSync(join(top, 'client.mjs'), 'utf8')).toBe(old)
  expect(await credentials()).toHaveLength(before + 1)
  expect((await adopted([top])).adopted).toMatchObject([{ was_known: true }])
  expect(readFileSync(join(top, 'client.mjs'), 'utf8')).toBe(
    "import OpenAI from 'openai'\nexport const client = new OpenAI({ apiKey: process.env.OPENAI_API_KEY })\n",
  )
})

test('an undo refuses what was changed since, and with --force keeps a copy of it', slow, async () => {
  const old = `OPENAI_API_KEY=${newKey()}\n`
  const file = join(repository('changed', { '.env': old }), '.env')
  const { adoption } = await adopted([file])
  writeFileSync(file, `${readFileSync(file, 'utf8')}PORT=81\n`)
  const refused = await adopt(['--undo', adoption])
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('--force')])
  expect(readFileSync(file, 'utf8')).toContain('PORT=81')
  const forced = await adopt(['--undo', adoption, '--force', '--json'])
  const { copies } = JSON.parse(forced.stdout) as { copies: string[] }
  expect(readFileSync(file, 'utf8')).toBe(old)
  expect(readFileSync(copies[0] ?? '', 'utf8')).toContain('PORT=81')
})

test('a link stays a link, and the file that it leads to is rewritten', slow, async () => {
  const top = repository('linked', { 'real.env': `OPENAI_API_KEY=${newKey()}\n` })
  symlinkSync('real.env', join(top, '.env'))
  await adopted([join(top, '.env')])
  expect(lstatSync(join(top, '.env')).isSymbolicLink()).toBe(true)
  expect(readFileSync(join(top, 'real.env'), 'utf8')).toMatch(/^# OPENAI_API_KEY is kept/)
})

test('a read-only file is left as it is, and said so; made writable, the same command completes', slow, async () => {
  const old = `OPENAI_API_KEY=${newKey()}\n`
  const file = join(repository('readonly', { '.env': old }), '.env')
  chmodSync(file, 0o444)
  const told = await adopted([file], 1)
  expect(told.by_hand).toMatchObject([{ line: 1, why: expect.stringContaining('chmod u+w') }])
  expect(readFileSync(file, 'utf8')).toBe(old)
  chmodSync(file, 0o644)
  expect((await adopted([file])).adopted).toMatchObject([{ was_known: true, credential: told.adopted[0]?.credential }])
  expect(readFileSync(file, 'utf8')).not.toContain('sk-')
})

test(
  'two secrets of one file: one by its line leaves the other, --all takes the rest, and without either nothing is taken',
  slow,
  async () => {
    const [first, second] = [newKey(), newKey()]
    const file = join(repository('two', { '.env': `OPENAI_API_KEY=${first}\nOTHER_KEY=${second}\n` }), '.env')
    const neither = await adopt([file])
    expect([neither.code, neither.stderr]).toEqual([2, expect.stringContaining('--all')])
    await adopted([`${file}:1`])
    expect(readFileSync(file, 'utf8')).toContain(second)
    await adopted([file, '--all', '--environment', 'production'])
    expect(readFileSync(file, 'utf8')).toMatch(/^# OPENAI_API_KEY is kept .*\nOTHER_KEY=\$\{OPENAI_API_KEY\}\n$/)
  },
)

test('whoever is no owner is not made one: nothing goes into the vault, no file changes, and the fix is a command', slow, async () => {
  const old = `OPENAI_API_KEY=${newKey()}\n`
  const file = join(repository('nobody', { '.env': old }), '.env')
  execFileSync('git', ['commit', '-q', '--amend', '--no-edit', '--author', 'Bo Example <bo@example.com>'], { cwd: join(file, '..') })
  const before = (await credentials()).length
  const guessed = await adopt([file])
  expect([guessed.code, guessed.stderr]).toEqual([2, expect.stringContaining('keyward owner create --kind person --name "Bo Example"')])
  const said = await adopt([file, '--owner', 'nobody@example.com'])
  expect([said.code, said.stderr]).toEqual([1, expect.stringContaining('No owner is called nobody@example.com')])
  expect(await credentials()).toHaveLength(before)
  expect(readFileSync(file, 'utf8')).toBe(old)
  await adopted([file, '--owner', 'ana@EXAMPLE.com'])
})

test('a dry run needs no server, changes nothing, and shows what would change without the secret', slow, async () => {
  const old = `import sys\nkey = "${newKey()}"\n`
  const file = join(repository('dry', { 'agent.py': old }), 'agent.py')
  const ran = await adopt([file, '--dry-run'], { env: { KEYWARD_SERVER: 'http://localhost:9', XDG_CONFIG_HOME: folder } })
  expect(ran.code, ran.stderr).toBe(0)
  expect(ran.stdout).toContain('+ import os\n- key = "sk-proj-…')
  expect(ran.stdout).toContain('+ key = os.environ["OPENAI_API_KEY"]')
  expect(readFileSync(file, 'utf8')).toBe(old)
})

test('a reported detection is adopted by its id, and is adopted there too', slow, async () => {
  const top = repository('reported', { '.env': `OPENAI_API_KEY=${newKey()}\n` })
  const scanned = await here.keyward(['scan', top, '--report-to', here.server.origin, '--json'])
  const [{ inventory } = { inventory: { id: '' } }] = (JSON.parse(scanned.stdout) as { detections: { inventory: { id: string } }[] })
    .detections
  const told = await adopted([inventory.id])
  expect(await here.server.api('GET', `/api/v1/detections/${inventory.id}`)).toMatchObject({
    state: 'adopted',
    credential: told.adopted[0]?.credential,
  })
  const fingerprint = await adopt(['abcdef012345', '--in', top])
  expect([fingerprint.code, fingerprint.stderr]).toEqual([1, expect.stringContaining('No secret under')])
})

test(
  'a password goes into the vault once, and its file is told to be changed by hand: no program could reach the database',
  slow,
  async () => {
    const old = 'DATABASE_URL=postgres://app:kT4mQw82zR@db.internal.corp:5432/app\n'
    const file = join(repository('database', { '.env': old }), '.env')
    const told = await adopted([file], 1)
    expect(told.by_hand).toMatchObject([{ line: 1, why: expect.stringContaining('no resource') }])
    expect(readFileSync(file, 'utf8')).toBe(old)
    expect((await adopted([file], 1)).adopted).toMatchObject([{ credential: told.adopted[0]?.credential }])
  },
)

test('what was wanted otherwise in a run that was refused is given up: the next one does what it is told', slow, async () => {
  const file = join(repository('otherwise', { '.env': `OPENAI_API_KEY=${newKey()}\n` }), '.env')
  const shared = await here.resource('shared', 'llm', 'openai', openai.origin, newKey())
  const refused = await adopt([file, '--name', 'First', '--upstream', 'http://169.254.1.1'])
  expect(refused.code, refused.stdout).toBe(1)
  const told = await adopted([file, '--name', 'Second', '--resource', 'shared'])
  const { resource, credential } = told.adopted[0] ?? {}
  expect(resource).toBe(shared)
  expect((await credentials()).find(({ id }) => id === credential)?.name).toMatch(/^(?:First|Second)$/)
  expect(readdirSync(state()).filter((id) => readFileSync(join(state(), id, 'manifest.json'), 'utf8').includes('"begun"'))).toEqual([])
})

test('a key of another API is lent by a resource of its own, and it is said where the program finds it', slow, async () => {
  const secret = `sk_live_${random(99)}`
  secrets.push(secret)
  const file = join(repository('stripe', { 'pay.py': `import stripe\nstripe.api_key = "${secret}"\n` }), 'pay.py')
  const ran = await adopt([file])
  expect(ran.code, ran.stderr).toBe(0)
  expect(readFileSync(file, 'utf8')).toBe('import os\nimport stripe\nstripe.api_key = os.environ["KEYWARD_RUN_KEY"]\n')
  expect(ran.stdout).toContain('the address from KEYWARD_STRIPE_URL and the key from KEYWARD_RUN_KEY')
  expect(ran.stdout).toContain('Git keeps it in 1 commit of this file')
  expect(ran.stdout).toMatch(/keyward credential add-version cred_\w+/)
})

test('copies of changed files are never kept in a repository', slow, async () => {
  const file = join(repository('inside', { '.env': `OPENAI_API_KEY=${newKey()}\n` }), '.env')
  const ran = await adopt([file], { env: { XDG_STATE_HOME: join(file, '..', 'state') } })
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('Set XDG_STATE_HOME')])
  expect(existsSync(join(file, '..', 'state'))).toBe(false)
})

/** The server behind a door that does something when a request has been answered, before the command hears it. */
async function door(answered: (message: IncomingMessage) => void): Promise<RunOptions> {
  const proxy = createServer((message, response) => {
    const headers = { ...message.headers, host: new URL(here.server.origin).host }
    const onward = request(here.server.origin + message.url, { method: message.method, headers }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => {
        answered(message)
        response.writeHead(answer.statusCode ?? 500, answer.headers).end(Buffer.concat(chunks))
      })
    })
    message.pipe(onward)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  ends.push(() => new Promise<void>((resolve) => void proxy.close(() => resolve())))
  const { port } = proxy.address() as { port: number }
  return { env: { KEYWARD_SERVER: `http://localhost:${port}`, KEYWARD_TOKEN: await here.server.login() } }
}

test(
  'what somebody edits meanwhile is kept: a line below stays, and where the secret has moved the same command completes',
  slow,
  async () => {
    const file = join(repository('edited', { '.env': `OPENAI_API_KEY=${newKey()}\n` }), '.env')
    const edits: ((text: string) => string)[] = [(text) => `PORT=82\n${text}`]
    const options = await door((message) => {
      const edit = message.url?.startsWith('/api/v1/resources') ? edits.pop() : undefined
      if (edit !== undefined) writeFileSync(file, edit(readFileSync(file, 'utf8')))
    })
    const moved = await adopted([file], 1, options)
    expect(moved.by_hand).toMatchObject([{ why: expect.stringContaining('changed meanwhile') }])
    expect(readFileSync(file, 'utf8')).toMatch(/^PORT=82\nOPENAI_API_KEY=sk-/)
    edits.push((text) => `${text}HOST=here\n`)
    await adopted([file], 0, options)
    expect(readFileSync(file, 'utf8')).toMatch(/^PORT=82\n# OPENAI_API_KEY is kept .*\nHOST=here\n$/)
  },
)

test('a file is replaced only while it is what was read, and nothing is left beside it', () => {
  const file = join(folder, 'replaced.txt')
  writeFileSync(file, 'edited', { mode: 0o604 })
  expect(() => replaceFile(file, Buffer.from('new'), sha256(Buffer.from('as it was read')), 'test')).toThrow('changed by somebody else')
  expect([readFileSync(file, 'utf8'), existsSync(draftOf(file, 'test'))]).toEqual(['edited', false])
  writeFileSync(draftOf(file, 'test'), 'left by a run that was killed')
  replaceFile(file, Buffer.from('new'), sha256(Buffer.from('edited')), 'test')
  expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777, existsSync(draftOf(file, 'test'))]).toEqual(['new', 0o604, false])
})

test('killed between two files: the repeat puts the first back before it begins anew, and takes away what was half written', async () => {
  const top = join(folder, 'half')
  mkdirSync(top)
  const [first, second] = [join(top, 'a.env'), join(top, 'b.env')]
  const adoptions = new Adoptions({ XDG_STATE_HOME: join(folder, 'half-state') })
  const file = (path: string, copy: string) => ({ file: path, before: sha256(Buffer.from('old')), after: sha256(Buffer.from('new')), copy })
  const secrets = [{ fingerprint: 'sha256:00', detector: 'openai-project-key', masked: 'sk-…', file: first, body: {} }]
  const begun = { id: adoptions.newId(), at: new Date().toISOString(), server: 'http://localhost:9', secrets, grants: [] }
  adoptions.save({ ...begun, state: 'rewriting', files: [file(first, '0.before'), file(second, '1.before')] })
  for (const copy of ['0.before', '1.before']) adoptions.keep(begun.id, copy, Buffer.from('old'))
  writeFileSync(first, 'new')
  writeFileSync(second, 'old')
  writeFileSync(draftOf(second, begun.id), 'ne')
  expect(await ended(adoptions, (path) => path.startsWith(join(folder, 'elsewhere')), undefined)).toEqual([])
  expect(readFileSync(first, 'utf8')).toBe('new')
  expect(await ended(adoptions, (path) => path.startsWith(top), 'exit 9')).toEqual([])
  expect([first, second].map((path) => readFileSync(path, 'utf8'))).toEqual(['old', 'old'])
  expect(readdirSync(top)).toEqual(['a.env', 'b.env'])
  expect(adoptions.read(begun.id).state).toBe('undone')
})

test.each(['POST /api/v1/detections', 'POST /api/v1/credentials', 'POST /api/v1/resources'])(
  'killed when %s is done: the file is as before, and a repeat completes with one credential and one resource',
  slow,
  async (when) => {
    const old = `OPENAI_API_KEY=${newKey()}\n`
    const file = join(repository(`killed${when.replaceAll(/\W/g, '')}`, { '.env': old }), '.env')
    const before = (await credentials()).length
    let victim: { kill(signal: 'SIGKILL'): boolean } | undefined
    const options = await door((message) => {
      if (`${message.method} ${message.url}` === when) victim?.kill('SIGKILL')
    })
    const child = here.start(['adopt', file], options)
    victim = child
    expect((await finished(child)).code).toBe(null)
    expect(readFileSync(file, 'utf8')).toBe(old)
    victim = undefined
    const told = await adopted([file], 0, options)
    expect(await credentials()).toHaveLength(before + 1)
    expect(readFileSync(file, 'utf8')).toContain(`kept by Keyward as ${told.adopted[0]?.credential}`)
    const { items } = await here.server.api<{ items: unknown[] }>('GET', `/api/v1/resources?credential=${told.adopted[0]?.credential}`)
    expect(items).toHaveLength(1)
  },
)

test('killed while the check runs: the file is as it is to be, and a repeat checks it and says that it is complete', slow, async () => {
  const old = `OPENAI_API_KEY=${newKey()}\n`
  const file = join(repository('killedcheck', { '.env': old }), '.env')
  const [started, go] = [join(folder, 'started'), join(folder, 'go')]
  const child = here.start(['adopt', file, '--check', `touch ${started}; while [ ! -e ${go} ]; do sleep 0.05; done`])
  const over = finished(child)
  await expect.poll(() => existsSync(started), { timeout: 60_000 }).toBe(true)
  child.kill('SIGKILL')
  writeFileSync(go, '')
  await over
  const now = readFileSync(file, 'utf8')
  expect(now).toMatch(/^# OPENAI_API_KEY is kept/)
  const failing = await adopt([file, '--check', 'exit 4'])
  expect([failing.code, failing.stderr]).toEqual([1, expect.stringContaining('ended with 4')])
  expect(readFileSync(file, 'utf8')).toBe(old)
  expect((await adopt([file, '--check', 'true'])).code).toBe(0)
  expect(readFileSync(file, 'utf8')).toBe(now)
})
