/** Where the APIs of known providers live (their own documentation): a secret of theirs goes there and nowhere else unless an admin says so. */
const origins: Readonly<Record<string, readonly string[]>> = {
  anthropic: ['https://api.anthropic.com'],
  cohere: ['https://api.cohere.com', 'https://api.cohere.ai'],
  deepseek: ['https://api.deepseek.com'],
  fireworks: ['https://api.fireworks.ai'],
  github: ['https://api.github.com', 'https://github.com', 'https://uploads.github.com'],
  gitlab: ['https://gitlab.com'],
  google: ['https://generativelanguage.googleapis.com'],
  gemini: ['https://generativelanguage.googleapis.com'],
  groq: ['https://api.groq.com'],
  huggingface: ['https://huggingface.co', 'https://router.huggingface.co', 'https://api-inference.huggingface.co'],
  mistral: ['https://api.mistral.ai'],
  openai: ['https://api.openai.com'],
  openrouter: ['https://openrouter.ai'],
  perplexity: ['https://api.perplexity.ai'],
  replicate: ['https://api.replicate.com'],
  sendgrid: ['https://api.sendgrid.com'],
  slack: ['https://slack.com'],
  stripe: ['https://api.stripe.com', 'https://files.stripe.com'],
  together: ['https://api.together.xyz', 'https://api.together.ai'],
  voyage: ['https://api.voyageai.com'],
  xai: ['https://api.x.ai'],
}

/** The provider's own origins; none where Keyward does not know the provider, and then every resource needs an admin's word. */
export function originsOf(provider: string): readonly string[] {
  return Object.hasOwn(origins, provider) ? (origins[provider] ?? []) : []
}

/** An origin in its one form: lower case, no default port, no slash at the end. */
export function canonicalOrigin(text: string): string {
  return new URL(text).origin
}
