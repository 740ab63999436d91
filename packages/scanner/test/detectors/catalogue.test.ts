import { describe, expect, test } from 'vitest'
import { formats } from '../../corpus/generate.ts'
import { makeSecret, parseShape } from '../../corpus/shapes.ts'
import { checks } from '../../src/checks/checks.ts'
import { knownName, knownPrefix } from '../../src/judgement/known-formats.ts'
import { detectors } from './scanner.ts'

const all = formats()
const providers = new Set(detectors.map((detector) => detector.provider))

describe('the catalogue', () => {
  test('covers the providers that AI systems hold credentials of', () => {
    const wanted =
      'openai anthropic google aws azure mistral cohere groq xai deepseek dashscope moonshot minimax zai openrouter perplexity together fireworks replicate huggingface stability elevenlabs deepgram assemblyai pinecone weaviate qdrant langchain langfuse wandb helicone portkey litellm tavily exa firecrawl jina voyage cursor runway retell nvidia cerebras sambanova databricks snowflake vercel modal runpod lambda baseten friendli anyscale github gitlab atlassian npm pypi docker circleci slack discord microsoft-teams telegram twilio sendgrid mailgun stripe square paypal shopify datadog sentry newrelic grafana cloudflare digitalocean heroku netlify fly supabase linear notion airtable okta auth0 hashicorp doppler onepassword databases private-key jwt keyward generic'
    expect(wanted.split(' ').filter((provider) => !providers.has(provider))).toEqual([])
  })

  test('names checks and parts that exist, and uses every check', () => {
    const ids = new Set(detectors.map((detector) => detector.id))
    for (const { id, check, parts } of detectors) {
      if (check !== undefined) expect(checks, id).toHaveProperty(check)
      for (const part of parts ?? []) expect(ids.has(part.detector), `${id} and ${part.detector}`).toBe(true)
    }
    const used = new Set(detectors.map((detector) => detector.check))
    expect(Object.keys(checks).filter((check) => !used.has(check))).toEqual([])
  })

  test('verifies over TLS alone, with the secret in a header or body and never in the address', () => {
    for (const { id, verify } of detectors) {
      if (verify === undefined) continue
      expect(verify.url, id).toMatch(/^https:\/\//)
      expect(verify.url, id).not.toContain('{secret}')
      expect(JSON.stringify([verify.headers, verify.body]), id).toContain('{secret}')
      expect(
        verify.alive.filter((status) => verify.dead.includes(status)),
        id,
      ).toEqual([])
      expect(verify.requestsPerMinuteMax, id).toBeLessThanOrEqual(10)
    }
  })

  test('says of each how it is ended', () => {
    for (const { id, revoke } of detectors) {
      expect(revoke.how, id).toMatch(/\.$/)
      if (revoke.url !== undefined) expect(revoke.url, id).toMatch(/^https:\/\//)
    }
  })

  test('has no secret in it that looks real: every committed example has a mark or is a shape of digits', () => {
    for (const [id, format] of Object.entries(all)) {
      for (const shape of format.shapes) {
        const secret = makeSecret(shape, 'example', { fake: true, seal: format.seal })
        const room = parseShape(shape).some((part) => ('least' in part ? part.least >= 8 : 'special' in part))
        if (room && !/aws-id|snowflake|der|openssh|pgp|base64|claims|bedrock|jwt/.test(shape))
          expect(secret, id).toMatch(/FAKE|fake|deadbeef|0000/)
      }
    }
  })
})

describe('the generic detectors know the others', () => {
  const special = Object.entries(all).filter(([id, format]) => !id.startsWith('generic-') && format.host === undefined)

  test('a value that begins like a known format is left to that format', () => {
    const unknown = special
      .filter(([, format]) => format.needs !== 'name' && format.shapes.every((shape) => 'literal' in (parseShape(shape)[0] ?? {})))
      .filter(([, format]) => !format.shapes.every((shape) => knownPrefix.test(makeSecret(shape, 'prefix', { seal: format.seal }))))
      .map(([id]) => id)
    expect(unknown).toEqual([])
  })

  test('a value that is named for a provider is left to that provider', () => {
    // A JWT is known by its beginning; it has no provider.
    const bare = special
      .filter(([id]) => id !== 'jwt-token')
      .filter(([, format]) => format.needs === 'name' && format.shapes.some((shape) => !('literal' in (parseShape(shape)[0] ?? {}))))
    const unknown = bare.flatMap(([id, format]) => format.names.filter((name) => !knownName.test(name)).map((name) => `${id}: ${name}`))
    expect(unknown).toEqual([])
  })
})
