import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { makeSecret } from '../../corpus/shapes.ts'
import { judge } from '../../src/judgement/judge.ts'
import { placeKind } from '../../src/judgement/path.ts'
import { placeholderReason } from '../../src/judgement/placeholder.ts'
import { isWords } from '../../src/judgement/words.ts'
import { detectors, scan } from './scanner.ts'

const hex = (length: number) => makeSecret(`{h:${length}}`, 'judgement')
const alnum = (length: number) => makeSecret(`{a:${length}}`, 'judgement')
const uuid = makeSecret('{uuid}', 'judgement')
const key = makeSecret('{der}', 'judgement')

/** The verdict and reason of what is found first in the text. */
function verdictOn(text: string, path = 'agent.env'): string {
  const [first] = scan(text, path)
  return first === undefined ? 'nothing' : `${first.detector.id} ${first.judgement.verdict}: ${first.judgement.reason}`
}

describe('a value without a form of its own is told by its name and line', () => {
  test.each([
    ['its name says the provider', `MISTRAL_API_KEY=${alnum(32)}`, /^mistral-api-key secret/],
    ['a key under the provider’s model', `model: mistral/large\napi_key: ${alnum(32)}`, /^mistral-api-key secret/],
    ['the address behind it', `curl -H "Authorization: Bearer ${alnum(32)}" https://api.mistral.ai/v1/models`, /^mistral-api-key secret/],
    [
      'the address on the next line',
      `OpenAI(\n  api_key="sk-${hex(32)}",\n  base_url="https://api.deepseek.com")`,
      /^deepseek-api-key secret/,
    ],
    ['an address of another line’s setting', `LLM_API_KEY=sk-${hex(32)}\nDEEPSEEK_MODEL=chat`, /^openai-compatible-key secret/],
    ['a user and a password of a call', `twilio = Client("AC${hex(32)}", "${makeSecret('{h:32}', 'other')}")`, /^twilio-auth-token secret/],
    ['a call of the client', `exa = Exa("${uuid}")`, /^exa-api-key secret/],
    ['a sign-in on the shell', `wandb login ${hex(40)}`, /^wandb-legacy-key secret/],
    ['another provider’s name', `MISTRAL_MODEL=large\nUNKNOWN_OPENAI_KEY=${alnum(32)}`, /not-a-secret|unlikely/],
    ['a commit', `mistral: pin to commit ${hex(40)}`, /not-a-secret|nothing/],
    ['a digest', `wandb artifact sha256:${hex(64)} deepgram md5=${hex(32)}`, /not-a-secret|nothing/],
    ['an identifier', `pinecone index_id=${uuid}`, /not-a-secret|unlikely|nothing/],
    ['a request id', `elevenlabs request_id=${hex(32)} ok`, /not-a-secret|unlikely|nothing/],
    ['a file name', `"/assets/cohere-${hex(40)}.js"`, /not-a-secret|unlikely|nothing/],
    ['an embedded image', `.cohere{background:url(data:image/png;base64,${alnum(40)})}`, /not-a-secret|nothing/],
    ['words', `const cohereApiKey = getCohereApiKeyFromTheSecretManagerNow`, /not-a-secret|nothing/],
  ])('%s', (_, text, expected) => {
    expect(verdictOn(text)).toMatch(expected)
  })

  test('in a lock file nothing of that sort is a secret', () => {
    expect(verdictOn(`"mistral-token": "${alnum(32)}"`, 'web/package-lock.json')).toMatch(/not-a-secret|nothing/)
    expect(verdictOn(`"mistral-token": "${alnum(32)}"`, 'web/settings.json')).toMatch(/^mistral-api-key secret/)
  })
})

describe('stand-ins are seen, whatever the format', () => {
  const forms = [
    'sk-proj-…',
    'xxxxxxxxxxxxxxxxxxxxxxxx',
    '0123456789abcdef0123456789abcdef',
    'your-api-key-here',
    ['$', '{MISTRAL_API_KEY}'].join(''),
    '<api key>',
    '****************',
    'AKIAIOSFODNN7EXAMPLE',
    'deadbeefdeadbeefdeadbeefdeadbeef',
    'a1b2c3d4e5f6g7h8i9j0',
    'test-key',
    'sk-FAKE5f7d',
    '{{ api_key }}',
    'REDACTED',
    'changeme123',
  ]
  test.each(forms)('%s', (form) => expect(placeholderReason(Buffer.from(form).toString('latin1'))).toBeDefined())

  test('and fewer than one random secret in 10,000 is taken for one', () => {
    let taken = 0
    for (let at = 0; at < 10_000; at++)
      if (
        placeholderReason(
          makeSecret(['sk-proj-{u:74}T3BlbkFJ{u:74}', '{h:32}', '{a:40}', '{n:48}', 'sk_test_{a:24}'][at % 5] as string, `${at}`),
        ) !== undefined
      )
        taken++
    expect(taken).toBeLessThan(1)
  })

  test('a word in the middle of a real password does not excuse it', () => {
    expect(placeholderReason('Ahook7Zq!dataM2x')).toBeUndefined()
    expect(verdictOn(`DB_PASSWORD="Ahook7Zq!dataM2x"`)).toMatch(/^generic-password secret/)
  })

  test('random strings seldom read as words, and names always', () => {
    let words = 0
    for (let at = 0; at < 5_000; at++) if (isWords(makeSecret('{a:32}', `${at}`))) words++
    expect(words).toBeLessThanOrEqual(3)
    for (const name of ['getRealtimeAPIKey', 'my-service-account-key', 'SOME_CONSTANT_NAME', 'AWSServiceRoleForConfigSetup'])
      expect(isWords(name), name).toBe(true)
  })
})

describe('passwords in URLs', () => {
  test.each([
    ['a real one', `postgres://agent:${alnum(20)}@db.prod.internal/app`, /^databases-url-password secret/],
    ['a tutorial’s', 'postgres://postgres:postgres@localhost:5432/app', /not-a-secret/],
    ['the user’s name', 'mysql://wordcount:wordcount@db.prod.internal/app', /not-a-secret/],
    ['a reference', `redis://:${'$'}{REDIS_PASSWORD}@cache:6379`, /not-a-secret|nothing/],
    ['an example host', `mongodb://agent:${alnum(14)}@db.example.com/app`, /unlikely/],
    ['a plain one beside a container', 'amqp://agent:rabbits@rabbitmq:5672', /unlikely|not-a-secret/],
  ])('%s', (_, text, expected) => expect(verdictOn(`URL=${text}\n`)).toMatch(expected))
})

describe('the place counts for what everyone makes, not for a provider’s own token', () => {
  const pem = `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`
  test('a private key among tests is unlikely, elsewhere a secret', () => {
    expect(verdictOn(pem, 'test/fixtures/server.key')).toMatch(/private-key-pem unlikely: .*tests/)
    expect(verdictOn(pem, 'deploy/server.key')).toMatch(/^private-key-pem secret/)
  })

  test('a token with a right checksum is a secret in a test, too', () => {
    const token = makeSecret('ghp_{a:36}', 'place', { seal: 'github-classic' })
    expect(verdictOn(`const token = '${token}'`, 'test/fixtures/api.test.ts')).toMatch(/^github-personal-access-token secret/)
  })

  test('tokens for browsers and manuals are none', () => {
    const token = (claims: object) =>
      `${Buffer.from('{"alg":"HS256","typ":"JWT"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${alnum(43)}`
    expect(verdictOn(`KEY=${token({ iss: 'supabase', role: 'anon', exp: 1 })}`)).toMatch(/unlikely: .*anon/)
    expect(verdictOn(`KEY=${token({ iss: 'supabase', role: 'service_role', exp: 1 })}`)).toMatch(/^jwt-token secret/)
    expect(verdictOn(`KEY=${token({ sub: '1234567890', name: 'John Doe' })}`)).toMatch(/not-a-secret/)
  })

  test.each([
    ['a/package-lock.json', 'lock'],
    ['go.sum', 'lock'],
    ['src/__tests__/x.ts', 'test'],
    ['pkg/api_test.go', 'test'],
    ['src/AppTest.java', 'test'],
    ['.env.example', 'template'],
    ['docs/setup.md', 'docs'],
    ['node_modules/x/index.js', 'vendored'],
    ['src/contest.ts', 'plain'],
    ['.env', 'plain'],
  ])('%s is %s', (path, kind) => expect(placeKind(path)).toBe(kind))
})

test('judgement never throws, never says the secret, and always gives a reason and a confidence between 0 and 1', () => {
  const text = fc.string({ maxLength: 200, size: 'max' })
  const secretText = fc.string({ minLength: 13, maxLength: 200, size: 'max' })
  fc.assert(
    fc.property(
      fc.constantFrom(...detectors),
      secretText,
      text,
      text,
      fc.string({ maxLength: 40 }),
      (detector, secret, before, after, path) => {
        const { verdict, confidence, reason } = judge({
          detector: { ...detector, examples: { match: [], noMatch: [] } },
          secret,
          before,
          after,
          line: before,
          path,
        })
        expect(['secret', 'unlikely', 'not-a-secret']).toContain(verdict)
        expect(confidence).toBeGreaterThan(0)
        expect(confidence).toBeLessThan(1)
        expect(reason).toMatch(/\.$/)
        expect(reason).not.toContain(secret)
      },
    ),
    { numRuns: 2_000 },
  )
})
