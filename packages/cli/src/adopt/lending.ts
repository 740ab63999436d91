import type { Injection } from '@keyward/contract/resources'
import type { VerifyCall } from '@keyward/scanner/detector'
import { originsOf } from '@keyward/server/inventory/provider-origins'
import { wrongUsage } from '../failure.ts'
import type { Found } from './found.ts'

/** How programs get at what the secret opens, once it is in the vault: a resource of the gateway. */
export interface Lending {
  readonly kind: 'llm' | 'http'
  /** For kind llm: whose protocol. */
  readonly provider?: 'openai' | 'anthropic'
  readonly upstream: string
  readonly injection?: Injection
}

/** Providers of models that speak OpenAI's protocol, and what their addresses have before `/v1` (their own documentation). */
const openaiProtocol: Readonly<Record<string, string>> = {
  deepseek: 'https://api.deepseek.com',
  fireworks: 'https://api.fireworks.ai/inference',
  groq: 'https://api.groq.com/openai',
  mistral: 'https://api.mistral.ai',
  openrouter: 'https://openrouter.ai/api',
  together: 'https://api.together.xyz',
  xai: 'https://api.x.ai',
}

/**
 * What the detector says of the provider: its protocol, its address, where it wants its key.
 * @param asked an upstream that the user named
 * @returns undefined where the gateway could not serve it
 */
export function lendingOf({ detection }: Found, verify: VerifyCall | undefined, asked: string | undefined): Lending | undefined {
  if (asked !== undefined && URL.parse(asked) === null) throw wrongUsage(`--upstream: "${asked}" is not an address`)
  const { provider, purpose } = detection
  if (purpose === 'model') {
    const own = provider === 'openai' || provider === 'anthropic' ? provider : undefined
    const upstream = asked ?? (own === undefined ? openaiProtocol[provider] : originsOf(own)[0])
    return upstream === undefined ? undefined : { kind: 'llm', provider: own ?? 'openai', upstream }
  }
  const injection = injectionOf(verify)
  const upstream = asked ?? originsOf(provider)[0] ?? (verify === undefined ? undefined : URL.parse(verify.url)?.origin)
  if (upstream === undefined || (verify !== undefined && injection === undefined)) return undefined
  return { kind: 'http', upstream, ...(injection === undefined ? {} : { injection }) }
}

/** Where the provider wants its key, as the call that verifies it does it; undefined for a form that the gateway does not make. */
function injectionOf(verify: VerifyCall | undefined): Injection | undefined {
  for (const [name, value] of Object.entries(verify?.headers ?? {})) {
    if (value === 'Bearer {secret}' && name.toLowerCase() === 'authorization') return { style: 'bearer' }
    if (value === '{secret}') return { style: 'header', header: name.toLowerCase() }
  }
  return undefined
}

/** The variable in which `keyward run` puts the key: the SDK's own where the resource speaks the SDK's protocol to its own vendor. */
export function variableOf({ detection }: Found, lending: Lending): 'OPENAI_API_KEY' | 'ANTHROPIC_API_KEY' | 'KEYWARD_RUN_KEY' {
  if (lending.kind !== 'llm' || lending.provider !== detection.provider) return 'KEYWARD_RUN_KEY'
  return lending.provider === 'anthropic' ? 'ANTHROPIC_API_KEY' : 'OPENAI_API_KEY'
}

/** Where `keyward run` says the resource is. */
export function addressVariable(resourceName: string): string {
  return `KEYWARD_${resourceName.toUpperCase().replaceAll('-', '_')}_URL`
}

/** The verification calls of the built-in detectors, by detector. */
export async function verifyCalls(): Promise<ReadonlyMap<string, VerifyCall>> {
  const { loadDetectors } = await import('@keyward/scanner/load/detectors')
  return new Map((await loadDetectors({})).detectors.flatMap((one) => (one.verify ? [[one.id, one.verify] as const] : [])))
}
