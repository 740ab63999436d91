import { createHash } from 'node:crypto'
import type { KeywardProcess } from '../../support/keyward.ts'

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex')

/**
 * What a scan of a repository with some history reports.
 * @param known a secret that the inventory has
 */
export async function reportSampleDetections(keyward: Pick<KeywardProcess, 'api'>, known: string): Promise<void> {
  const commit = digestOf('commit').slice(0, 40)
  const ada = { author: 'Ada Byron', email: 'ada@example.com', seen_at: '2026-01-13T16:40:00.000Z', commit }
  const one = (name: string, provider: string, severity: string, masked: string, sha256: string, sightings: readonly object[]) => ({
    ...{ detector: `${provider}-key`, provider, name, severity, confidence: 0.99, sha256, masked, sightings },
  })
  const masked = (prefix: string, end: string, chars: number) => `${prefix}…${end} (${chars} characters)`
  await keyward.api('POST', '/api/v1/detections', {
    origin: 'https://git.example.com/shop/support-agent',
    detections: [
      one('OpenAI project API key', 'openai', 'high', masked('sk-proj-', 'fK', 164), digestOf('FAKE openai'), [
        { source: 'git', path: '.env', line: 2, what: 'dotenv', ...ada },
        { source: 'log', path: 'build/ci.log', line: 3, what: 'log' },
        { source: 'image', path: 'build/image!/app/.env', line: 2, what: 'dotenv' },
        { source: 'file', path: 'build/slack-export/agents/2026-01-14.json', line: 18, what: 'messages', author: 'Bo Example' },
      ]),
      one('Anthropic API key', 'anthropic', 'critical', masked('sk-ant-', 'Qw', 108), digestOf('FAKE anthropic'), [
        { source: 'file', path: 'deploy/production/values.yaml', line: 41, what: 'Kubernetes manifest' },
      ]),
      one('OpenAI API key', 'openai', 'high', masked('sk-', 'LE', known.length), digestOf(known), [
        { source: 'git', path: 'scripts/try.py', line: 7, ...ada, author: 'Grace Tanaka', email: 'grace@example.com' },
      ]),
      one('Stripe test key', 'stripe', 'low', masked('sk_test_', '9z', 107), digestOf('FAKE stripe'), [
        { source: 'staged', path: 'test/checkout.test.ts', line: 12, author: 'A. Freelancer', email: 'someone@elsewhere.example' },
      ]),
    ],
  })
}
