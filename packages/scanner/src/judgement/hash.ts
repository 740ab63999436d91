import type { Candidate } from './candidate.ts'
import { placeKind } from './path.ts'
import { digestWords, lineBefore, nameBefore, secretWords } from './surroundings.ts'

const hex = /^(?:[0-9a-f]+|[0-9A-F]+)$/
const uuid = /^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$/
const digestLengths = new Set([32, 40, 56, 64, 96, 128])

/**
 * Whether a secret that is known by little more than its length is a digest, a commit, an identifier or a public key instead, and by
 * what it shows. For formats with a prefix of their own nothing here applies.
 */
export function digestReason(candidate: Candidate): string | undefined {
  const { secret, path, after } = candidate
  const line = lineBefore(candidate)
  const name = nameBefore(line)
  if (placeKind(path) === 'lock') return 'It stands in a lock file, where such values are checksums.'
  if (/sha(?:1|224|256|384|512)[-:=][A-Za-z0-9+/]{0,3}$/i.test(line)) return 'It is the digest that the word before it names.'
  if (/data:[\w/+.-]{3,60};base64,[A-Za-z0-9+/=]{0,160}$/.test(line)) return 'It is part of an embedded file.'
  const saysSecret = /(?:key|token|secret|password|passwd|pat|credential)s?$/i.test(name)
  if (!saysSecret && digestWords.test(line)) return 'The word before it says that it is a digest or an identifier.'
  if (/(?:public|publishable|verif(?:y|ication|ying))[_.-]?(?:api[_.-]?)?(?:key|token)$/i.test(name))
    return 'It is a public key by its name.'
  if (/ssh-(?:rsa|ed25519|dss) [A-Za-z0-9+/]{0,400}$|BEGIN (?:[A-Z]+ )?PUBLIC KEY/.test(candidate.before))
    return 'It is part of a public key.'
  if (hex.test(secret) && digestLengths.has(secret.length)) {
    if (/^\s{1,2}[*.\w/]/.test(after) && !secretWords.test(line)) return 'It is a line of a checksum list.'
    if (/[@/#](?:commit|blob|tree|raw|archive)?\/?$/.test(line) && secret.length === 40) return 'It is a commit in an address.'
  }
  if (uuid.test(secret) && /[/=]$/.test(line) && /https?:\/\/\S*$/.test(line)) return 'It is an identifier in an address.'
  if (/^\.(?:safetensors|bin|gguf|onnx|pt|json|js|css|map|png|svg|woff2?)\b/.test(after)) return 'It is part of a file name.'
  return undefined
}
