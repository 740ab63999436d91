import type { LiveToken } from './token-source.ts'

/** Variables that hold Keyward's own secrets or steer it: no business of the program's. */
const removed = ['KEYWARD_TOKEN', 'KEYWARD_KEK', 'KEYWARD_TLS_KEY']

/** Variables of a vendor's SDK that would win over the base address and key that we set. */
const vendorVariables: Readonly<Record<string, readonly string[]>> = {
  openai: ['OPENAI_ADMIN_KEY', 'OPENAI_ORG_ID', 'OPENAI_PROJECT_ID', 'OPENAI_ORGANIZATION'],
  anthropic: ['ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_IDENTITY_TOKEN', 'ANTHROPIC_IDENTITY_TOKEN_FILE', 'ANTHROPIC_FEDERATION_RULE_ID'],
}

export interface ChildEnvironment {
  readonly env: Record<string, string>
  /** For people: what was set. */
  readonly set: readonly string[]
  /** Keys of vendors in the environment that no grant of this run covers: they go through as they are. */
  readonly ungoverned: readonly string[]
}

/**
 * The program's environment: addresses of the sidecar and the key of this run in the place of vendors' keys. Keyward's own variables are
 * taken out. Every resource also gets `KEYWARD_<NAME>_URL`.
 */
export function childEnvironment(
  parent: Readonly<Record<string, string | undefined>>,
  sidecar: { origin: string; runKey: string },
  tokens: readonly (LiveToken & { readonly name: string })[],
): ChildEnvironment {
  const env: Record<string, string> = {}
  for (const [name, value] of Object.entries(parent)) if (value !== undefined && !removed.includes(name)) env[name] = value
  const set: Record<string, string> = { KEYWARD_RUN_URL: sidecar.origin, KEYWARD_RUN_KEY: sidecar.runKey }
  const governed = new Set<string>()
  for (const token of tokens) {
    const address = `${sidecar.origin}/${token.name}`
    set[`KEYWARD_${token.name.toUpperCase().replaceAll('-', '_')}_URL`] = address
    if (token.resourceKind !== 'llm' || token.provider === undefined || governed.has(token.provider)) continue
    governed.add(token.provider)
    if (token.provider === 'anthropic') {
      set.ANTHROPIC_BASE_URL = address
      set.ANTHROPIC_API_KEY = sidecar.runKey
    } else {
      governed.add('openai')
      set.OPENAI_BASE_URL = `${address}/v1`
      set.OPENAI_API_KEY = sidecar.runKey
    }
  }
  for (const vendor of governed) for (const name of vendorVariables[vendor] ?? []) delete env[name]
  Object.assign(env, set)
  const keys = { openai: 'OPENAI_API_KEY', anthropic: 'ANTHROPIC_API_KEY' }
  const ungoverned = Object.entries(keys).flatMap(([vendor, name]) => (!governed.has(vendor) && parent[name] !== undefined ? [name] : []))
  return { env, set: Object.keys(set).sort(), ungoverned }
}
