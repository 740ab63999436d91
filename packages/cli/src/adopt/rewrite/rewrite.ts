import { classify } from '@keyward/scanner/sources/classify'
import { rewriteConfiguration } from './configuration.ts'
import { rewriteDotenv } from './dotenv.ts'
import type { Reference, Rewrite, Spot } from './edit.ts'
import { rewriteShell } from './shell.ts'
import { languageOf, rewriteSource } from './source.ts'

/** How a secret comes out of a file, by what the file is; by hand where Keyward does not know its language. */
export function rewrite(spot: Spot, reference: Reference): Rewrite {
  const what = classify(spot.path)
  if (what === 'dotenv' || /(?:^|\/)\.envrc$/.test(spot.path)) return rewriteDotenv(spot, reference)
  if (what === 'log' || what === 'shell history' || what === 'agent transcript' || what === 'mail')
    return { byHand: `a copy without it: keyward scan --redact COPY FILE (${what})` }
  if (what === 'source map' || what === 'browser bundle') return { byHand: 'it was made from other files: change those' }
  const language = languageOf(spot.path)
  if (language) return rewriteSource(spot, reference, language)
  if (/\.(?:sh|bash|zsh)$/.test(spot.path) || /^#!.*\b(?:ba|z|da)?sh\b/.test(spot.text)) return rewriteShell(spot, reference)
  if (/\.(?:jsonc?|ya?ml|toml)$/.test(spot.path)) return rewriteConfiguration(spot, reference)
  return { byHand: 'Keyward does not know how this file would refer to a variable' }
}
