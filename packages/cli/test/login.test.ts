import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Connecting, type Person, startConnecting } from '../../../tests/support/connecting.ts'
import { browserCommand } from '../src/connection/open-browser.ts'
import { bin } from './installation.ts'

/* `keyward login` by the browser and by device code, against the real server. */

let at: Connecting
let person: Person
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'keyward-login-'))
  at = await startConnecting()
  person = await at.addPerson('ada', [{ role: 'operator' }])
}, 120_000)
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await at?.stop()
})

/** Runs the command; `onText` sees its standard error as it comes. */
function keyward(args: readonly string[], env: Record<string, string>, onText: (text: string) => void = () => undefined) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const child = spawn(process.execPath, [bin, ...args, '--server', at.keyward.origin], {
      env: { PATH: process.env.PATH ?? '', HOME: folder, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
      onText(stderr)
    })
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** A "browser" that writes down what it was asked to open. */
function browserInto(file: string): string {
  const program = join(folder, 'browser')
  writeFileSync(program, `#!/bin/sh\nprintf '%s' "$1" > '${file}'\n`)
  chmodSync(program, 0o700)
  return program
}

test('the browser opens, the person says yes, and the token that comes is theirs, kept where they alone can read it', {
  timeout: 60_000,
}, async () => {
  const opened = join(folder, 'opened')
  const config = join(folder, 'by-browser')
  let answered = false
  const ran = await keyward(['login', '--browser'], { BROWSER: browserInto(opened), XDG_CONFIG_HOME: config }, (text) => {
    const address = /^http\S+authorize\S+$/m.exec(text)?.[0]
    if (address === undefined || answered) return
    answered = true
    void (async () => {
      const query = new URL(address).searchParams
      const callback = new URL(query.get('redirect_uri') ?? '')
      // Somebody else on this machine knocks first: it changes nothing.
      expect((await fetch(`${callback}?code=kwa_FAKE&state=guess&iss=${at.keyward.issuer}`)).status).toBe(400)
      const answer = await at.consent(person, query, { grant: undefined })
      await fetch(`${callback}?${answer}`)
    })()
  })
  expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('as ada')])
  expect(readFileSync(opened, 'utf8')).toContain('/oauth2/authorize?')
  expect(ran.stdout + ran.stderr).not.toMatch(/kwu_|kwa_/)
  const who = await keyward(['whoami', '--json'], { XDG_CONFIG_HOME: config })
  expect(JSON.parse(who.stdout).user.id).toBe(person.id)
})

test('a no in the browser ends the command with what to do', { timeout: 60_000 }, async () => {
  let answered = false
  const ran = await keyward(
    ['login', '--browser'],
    { BROWSER: browserInto(join(folder, 'x')), XDG_CONFIG_HOME: join(folder, 'no') },
    (text) => {
      const address = /^http\S+authorize\S+$/m.exec(text)?.[0]
      if (address === undefined || answered) return
      answered = true
      void (async () => {
        const query = new URL(address).searchParams
        const answer = await at.consent(person, query, { approve: false, grant: undefined })
        await fetch(`${query.get('redirect_uri')}?${answer}`)
      })()
    },
  )
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('You said no')])
})

test('an answer of another server is refused (RFC 9207: mix-up)', { timeout: 60_000 }, async () => {
  let answered = false
  const ran = await keyward(
    ['login', '--browser'],
    { BROWSER: browserInto(join(folder, 'y')), XDG_CONFIG_HOME: join(folder, 'mix') },
    (text) => {
      const address = /^http\S+authorize\S+$/m.exec(text)?.[0]
      if (address === undefined || answered) return
      answered = true
      const query = new URL(address).searchParams
      const answer = new URLSearchParams({ code: 'kwa_FAKE', state: query.get('state') ?? '', iss: 'https://elsewhere.example' })
      void fetch(`${query.get('redirect_uri')}?${answer}`)
    },
  )
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining('not from')])
})

test('--device shows a code, waits, and is logged in once a person typed it in', { timeout: 60_000 }, async () => {
  const config = join(folder, 'by-device')
  let answered = false
  const ran = await keyward(['login', '--device'], { XDG_CONFIG_HOME: config }, (text) => {
    const code = /[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}/.exec(text)?.[0]
    if (code === undefined || answered) return
    answered = true
    void person.ask('POST', '/api/v1/device-logins/decide', { user_code: code, approve: true })
  })
  expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('as ada')])
  expect((await keyward(['whoami'], { XDG_CONFIG_HOME: config })).code).toBe(0)
})

test('a machine without a browser is told of --device and --local', { timeout: 60_000 }, async () => {
  const ran = await keyward(['login', '--browser'], { XDG_CONFIG_HOME: join(folder, 'none') })
  expect([ran.code, ran.stderr]).toEqual([1, expect.stringMatching(/--device[\s\S]*--local/)])
  expect(browserCommand({}, 'linux')).toBeUndefined()
  expect(browserCommand({ DISPLAY: ':0' }, 'linux')).toEqual(['xdg-open'])
  expect(browserCommand({}, 'darwin')).toEqual(['open'])
})
