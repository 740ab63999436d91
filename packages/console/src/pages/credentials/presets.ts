/** Providers whose addresses and models are known here; any other works too. */
export interface ProviderPreset {
  readonly id: 'openai' | 'anthropic' | 'other'
  readonly text: string
  readonly provider: string
  readonly upstream: string
  readonly keyLooksLike: string
  readonly models: readonly string[]
}

export const presets: readonly ProviderPreset[] = [
  {
    id: 'openai',
    text: 'OpenAI',
    provider: 'openai',
    upstream: 'https://api.openai.com',
    keyLooksLike: 'sk-…',
    models: ['gpt-4.1', 'gpt-4.1-mini', 'gpt-*'],
  },
  {
    id: 'anthropic',
    text: 'Anthropic',
    provider: 'anthropic',
    upstream: 'https://api.anthropic.com',
    keyLooksLike: 'sk-ant-…',
    models: ['claude-haiku-4-5', 'claude-sonnet-4-5', 'claude-*'],
  },
  { id: 'other', text: 'Another service', provider: '', upstream: '', keyLooksLike: '', models: ['*'] },
]

export function presetOf(provider: string | null): ProviderPreset | undefined {
  return presets.find((preset) => preset.provider === provider && provider !== '')
}
