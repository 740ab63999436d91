import { identityVariables } from '@keyward/sdk/workload-identity/ambient'
import type { LiveToken } from './token-source.ts'

/** Variables that hold Keyward's own secrets or steer it, or hold the identity by which tokens are had: no business of the program's. */
const removed = new Set(['KEYWARD_TOKEN', 'KEYWARD_KEK', 'KEYWARD_TLS_KEY', 'KEYWARD_KEYRING', ...identityVariables])

/** The two protocols of kind llm, and how their SDKs are pointed at an address. Providers other than Anthropic speak OpenAI's. */
const protocols = {
  openai: {
    address: 'OPENAI_BASE_URL',
    path: '/v1',
    key: 'OPENAI_API_KEY',
    rivals: ['OPENAI_ADMIN_KEY', 'OPENAI_ORG_ID', 'OPENAI_PROJECT_ID', 'OPENAI_ORGANIZATION'],
  },
  anthropic: {
    address: 'ANTHROPIC_BASE_URL',
    path: '',
    key: 'ANTHROPIC_API_KEY',
    rivals: ['ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_IDENTITY_TOKEN', 'ANTHROPIC_IDENTITY_TOKEN_FILE', 'ANTHROPIC_FEDERATION_RULE_ID'],
  },
} as const

/** Names under which AI tools and their surroundings look for keys. One of these in the environment is a key that this run doesn't govern. */
const vendorKeys =
  /^(?:(?:OPENAI|ANTHROPIC|AZURE_OPENAI|GEMINI|GOOGLE|MISTRAL|COHERE|GROQ|TOGETHER|REPLICATE|PERPLEXITY|DEEPSEEK|XAI|OPENROUTER|FIREWORKS|VOYAGE|PINECONE|TAVILY|SERPAPI|LANGSMITH|LANGCHAIN|ELEVENLABS|HUGGINGFACE|STRIPE)_(?:API_|ADMIN_|SECRET_|AUTH_)?(?:KEY|TOKEN)|HF_TOKEN|HUGGING_FACE_HUB_TOKEN|REPLICATE_API_TOKEN|AWS_SECRET_ACCESS_KEY|AWS_SESSION_TOKEN|GITHUB_TOKEN|GH_TOKEN|GITLAB_TOKEN|NPM_TOKEN|SLACK_BOT_TOKEN|WANDB_API_KEY|CO_API_KEY)$/

export interface ChildEnvironment {
  readonly env: Record<string, string>
  /** For people: what was set. */
  readonly set: readonly string[]
  /** Keys of vendors in the environment that no grant of this run covers: they go through as they are. */
  readonly ungoverned: readonly string[]
}

/**
 * The program's environment: addresses of the sidecar and the key of this run in the place of vendors' keys. Keyward's own variables are
 * taken out. Every resource also gets `KEYWARD_<NAME>_URL`; the first grant for a protocol gets the variables of its SDK.
 */
export function childEnvironment(
  parent: Readonly<Record<string, string | undefined>>,
  sidecar: { origin: string; runKey: string },
  tokens: readonly (LiveToken & { readonly name: string })[],
): ChildEnvironment {
  const env: Record<string, string> = {}
  const ownKey = /^env:(\w+)$/.exec(parent.KEYWARD_KEK ?? '')?.[1]
  for (const [name, value] of Object.entries(parent)) if (value !== undefined && !removed.has(name) && name !== ownKey) env[name] = value
  const set: Record<string, string> = { KEYWARD_RUN_URL: sidecar.origin, KEYWARD_RUN_KEY: sidecar.runKey }
  for (const token of tokens) {
    const address = `${sidecar.origin}/${token.name}`
    set[`KEYWARD_${token.name.toUpperCase().replaceAll('-', '_')}_URL`] = address
    if (token.resourceKind !== 'llm') continue
    const protocol = protocols[token.provider === 'anthropic' ? 'anthropic' : 'openai']
    if (set[protocol.address] !== undefined) continue
    set[protocol.address] = address + protocol.path
    set[protocol.key] = sidecar.runKey
    // They would win over, or not fit, what was just set.
    for (const name of protocol.rivals) delete env[name]
  }
  const ungoverned = Object.keys(env).filter((name) => vendorKeys.test(name) && set[name] === undefined)
  return { env: { ...env, ...set }, set: Object.keys(set).sort(), ungoverned: ungoverned.sort() }
}
