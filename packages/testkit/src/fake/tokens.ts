import { isRecord, textIn } from './json.ts'

/**
 * The fakes' counting rule: a token is each started group of four UTF-8 bytes of text. It is not a vendor's tokenizer; it is exact,
 * stated and the same on each side, so that a test can say what a call must cost.
 */
export function tokensOf(text: string): number {
  return Math.ceil(Buffer.byteLength(text, 'utf8') / bytesPerToken)
}

export const bytesPerToken = 4
/** What a picture in a prompt counts, whatever its size. */
export const tokensPerImage = 85

/** The text of a message's `content`: a string, or a list of parts. Pictures and files count `tokensPerImage` through `imagesIn`. */
export function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .map((part) => (typeof part === 'string' ? part : (textIn(part, 'text') ?? (isRecord(part) ? textOf(part.content) : ''))))
    .join('')
}

/** How many parts of a `content` are pictures or files. */
export function imagesIn(content: unknown): number {
  if (!Array.isArray(content)) return 0
  return content.filter((part) => /image|file|document|audio/.test(textIn(part, 'type') ?? '')).length
}

/** Cuts `text` so that it counts at most `tokensMax` by the rule, at a character's border. */
export function cutToTokens(text: string, tokensMax: number): string {
  const bytesMax = tokensMax * bytesPerToken
  if (Buffer.byteLength(text, 'utf8') <= bytesMax) return text
  let cut = ''
  let bytes = 0
  for (const character of text) {
    bytes += Buffer.byteLength(character, 'utf8')
    if (bytes > bytesMax) break
    cut += character
  }
  return cut
}

/** A text of exactly `tokens` tokens by the rule. */
export function textOfTokens(tokens: number): string {
  return 'lend '.repeat(Math.ceil((tokens * bytesPerToken) / 5)).slice(0, tokens * bytesPerToken)
}

/** A reply as a model streams it: a word with the space before it is a piece. */
export function piecesOf(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? []
}
