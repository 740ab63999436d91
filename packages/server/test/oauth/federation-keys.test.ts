import { Authority } from '@keyward/testkit/certificates'
import { type FakeIssuer, type IssuerBehaviour, startFakeIssuer } from '@keyward/testkit/issuers/issuer'
import { startFakeKubernetes } from '@keyward/testkit/issuers/known'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { federationEstate, type IssuerAt } from './federation-estate.ts'
import { startTokenService, type TokenService } from './token-service.ts'

let service: TokenService
let estate: ReturnType<typeof federationEstate>
const started: FakeIssuer[] = []
let clockMs = 0

beforeAll(async () => {
  service = await startTokenService()
  estate = federationEstate(service)
})
afterAll(async () => {
  await Promise.all(started.map((fake) => fake.stop()))
  await service.stop()
})
beforeEach(() => later(0, 'reset'))

/** Moves both clocks of the service on; tokens are made for its idea of now. */
function later(seconds: number, from: 'reset' | 'now' = 'now'): void {
  clockMs = from === 'reset' ? 0 : clockMs + seconds * 1000
  service.skew(clockMs)
}

async function trusted(more: Partial<IssuerAt> = {}, options: Parameters<typeof startFakeIssuer>[0] = {}) {
  const fake = await startFakeIssuer(options)
  started.push(fake)
  const id = await estate.issuer({ issuer: fake.issuer, ...more })
  const { workload } = await estate.workload(id, { claims: { sub: 'agent' } })
  const token = (more: Record<string, unknown> = {}, wish: Parameters<FakeIssuer['token']>[1] = {}) => {
    const now = Math.floor((Date.now() + clockMs) / 1000)
    return fake.token({ sub: 'agent', aud: service.issuer, iat: now, nbf: now, exp: now + 600, ...more }, wish)
  }
  return { fake, id, workload, token, ask: () => estate.bearer(token()) }
}

describe('keys are cached', () => {
  test('for as long as the issuer says, and fetched once for many tokens at a time', async () => {
    const { fake, ask } = await trusted()
    fake.behave({ cacheControl: 'public, max-age=3600' })
    const answers = await Promise.all(Array.from({ length: 20 }, ask))
    expect(answers.map(({ status }) => status)).toEqual(new Array(20).fill(200))
    expect(fake.requests).toEqual(['GET /.well-known/openid-configuration', 'GET /keys'])
    later(3_500)
    await ask()
    expect(fake.requests).toHaveLength(2)
    later(101)
    await ask()
    expect(fake.requests).toHaveLength(4)
  })

  test.each([
    { says: undefined, seconds: 300 },
    { says: 'max-age=1', seconds: 300 },
    { says: 'no-store', seconds: 300 },
    { says: 'max-age=99999999', seconds: 86_400 },
  ])('for no less than 5 minutes and no more than a day: $says', async ({ says, seconds }) => {
    const { fake, ask } = await trusted()
    fake.behave(says === undefined ? {} : { cacheControl: says })
    await ask()
    later(seconds - 10)
    await ask()
    expect(fake.requests).toHaveLength(2)
    later(20)
    await ask()
    expect(fake.requests).toHaveLength(4)
  })

  test('a new key is found at once, and an issuer is asked for made-up keys twice a minute at most', async () => {
    const { fake, token, ask } = await trusted()
    await ask()
    later(31)
    fake.rotate()
    expect((await ask()).status).toBe(200)
    expect(fake.requests).toHaveLength(4)
    for (let i = 0; i < 20; i++) {
      const answered = await estate.bearer(token({}, { header: { kid: `made-up-${i}` } }))
      expect(answered).toMatchObject({
        status: 400,
        body: { error: 'invalid_grant', error_description: expect.stringMatching(/names a key/) },
      })
    }
    expect(fake.requests).toHaveLength(4)
    later(31)
    await Promise.all(Array.from({ length: 20 }, (_, i) => estate.bearer(token({}, { header: { kid: `later-${i}` } }))))
    expect(fake.requests).toHaveLength(6)
  })

  test('a key that its issuer took back is not believed longer than the cache', async () => {
    const { fake, token, ask } = await trusted()
    await ask()
    const stolen = fake.key
    fake.rotate({}, { keepOld: false })
    later(301)
    expect(await estate.bearer(token({}, { key: stolen }))).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    expect((await ask()).status).toBe(200)
  })

  test('a token that names no key is tried with all, and the issuer is asked for newer ones', async () => {
    const { fake, token } = await trusted({}, { keys: [{ alg: 'ES256' }, { alg: 'ES256' }] })
    const bare = () => estate.bearer(token({}, { header: { kid: undefined } }))
    expect((await bare()).status).toBe(200)
    later(31)
    fake.rotate()
    expect((await bare()).status).toBe(200)
  })

  test('with the issuer away they are believed for an hour beyond their time; then the sender is told to try again', async () => {
    const { fake, ask } = await trusted()
    await ask()
    fake.behave({ status: 503 })
    later(301)
    expect((await ask()).status).toBe(200)
    later(3_590)
    expect((await ask()).status).toBe(200)
    later(20)
    const answered = await ask()
    expect(answered).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } })
    expect(answered.headers.get('retry-after')).toBe('5')
    const asked = fake.requests.length
    await ask()
    expect(fake.requests).toHaveLength(asked)
    fake.healthy()
    later(6)
    expect((await ask()).status).toBe(200)
  })

  test('a change of the issuer takes its keys along', async () => {
    const { fake, id, ask } = await trusted()
    await ask()
    service.federation.onChange({ op: 'changed', kind: 'issuer', subject: id, seq: 1n, reason: null, node: null })
    await ask()
    expect(fake.requests).toHaveLength(4)
  })
})

describe('an issuer that misbehaves is no way in and no way to stop us', () => {
  const bad: Readonly<Record<string, IssuerBehaviour>> = {
    'redirects its discovery': { at: 'discovery', redirectTo: 'http://169.254.169.254/latest/meta-data' },
    'redirects its keys': { at: 'keys', redirectTo: 'http://127.0.0.1:1/keys' },
    'sends a huge key set': { at: 'keys', hugeBytes: 300_000 },
    'sends without end': { at: 'keys', endless: true },
    'says that it is another issuer': { lyingIssuer: 'https://accounts.google.com' },
    'names keys at a metadata address': { keysUri: 'http://169.254.169.254/keys' },
    'names keys in a file': { keysUri: 'file:///etc/passwd' },
    'answers with a list': { at: 'keys', body: '[]' },
    'answers with too many keys': { at: 'keys', body: JSON.stringify({ keys: new Array(101).fill({ kty: 'RSA' }) }) },
    'answers with a page': { at: 'keys', body: '<html>' },
    'has gone': { status: 404 },
  }
  test.each(Object.entries(bad).map(([name, behaviour]) => ({ name, behaviour })))('$name', async ({ behaviour }) => {
    const { fake, ask } = await trusted()
    fake.behave(behaviour)
    const answered = await ask()
    expect(answered).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } })
    // What lies inside the network is not the sender's to know.
    expect(JSON.stringify(answered.body)).not.toMatch(/127\.0\.0\.1|169\.254|redirect|ECONN/)
    fake.healthy()
    later(6)
    expect((await ask()).status).toBe(200)
  })

  test('one that never answers is given up, and others are served meanwhile', async () => {
    const { fake, ask } = await trusted()
    const other = await trusted()
    fake.behave({ hang: true })
    const hanging = ask()
    expect((await other.ask()).status).toBe(200)
    expect((await hanging).status).toBe(503)
  })

  test('weak and foreign keys of its set are left out', async () => {
    for (const wish of [{ modulusBits: 1024 }, { publicExponent: 3 }, { use: 'enc' }]) {
      const { ask } = await trusted({}, { keys: [wish] })
      expect(await ask()).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
    }
  })
})

describe('private addresses', () => {
  test('are not asked without allow_private, by number or by name', async () => {
    const fake = await startFakeIssuer()
    started.push(fake)
    for (const [index, host] of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0x7f.1'].entries()) {
      const url = `https://${host}:${fake.port}/keys`
      const issuer = `https://private-${index}.example`
      const id = await estate.issuer({ issuer, allowPrivate: false, keysFrom: { type: 'jwks_uri', url } })
      await estate.workload(id, { claims: { sub: 'agent' } })
      expect((await estate.bearer(fake.token({ iss: issuer, sub: 'agent', aud: service.issuer }))).status).toBe(503)
    }
    expect(fake.connections).toBe(0)
  })

  test('an issuer with an authority of its own is believed by that one, and by no other', async () => {
    const [own, other] = [new Authority('cluster'), new Authority('other')]
    const fake = await startFakeKubernetes(own.issue({ commonName: 'cluster', dnsNames: ['localhost'] }))
    started.push(fake)
    const sub = 'system:serviceaccount:agents:classifier'
    const token = () => fake.token({ sub, aud: service.issuer })
    const id = await estate.issuer({ issuer: fake.issuer, preset: 'kubernetes', ca: other.cert })
    await estate.workload(id, { claims: { sub } })
    expect((await estate.bearer(token())).status).toBe(503)
    await service.db.updateTable('issuers').set({ ca: own.cert }).where('id', '=', id).execute()
    estate.changed()
    expect((await estate.bearer(token())).status).toBe(200)
  })
})
