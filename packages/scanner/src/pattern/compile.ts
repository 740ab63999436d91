import { RE2JS } from 're2js'
import { type CompiledDetector, matchBytesMax } from '../compiled-detector.ts'
import type { Detector, DetectorFile } from '../detector.ts'
import { slowness } from './linear.ts'
import { PatternError, type PatternNode, parsePattern } from './parse.ts'
import { keywordOffset, widthOf } from './width.ts'

/** Text that a pattern may need beyond its own width: the character before and after it. */
const edgeBytes = 2

/**
 * Compiles a provider's file. Throws `PatternError` with the detector's id where a pattern is not in the shared dialect, could become
 * slow, has no usable keyword, or does not match its own examples.
 */
export function compileFile(file: DetectorFile, dialect: 'js' | 're2'): CompiledDetector[] {
  return file.detectors.map((detector) => {
    try {
      return compileDetector(detector, file, dialect)
    } catch (error) {
      throw new PatternError(`${detector.id}: ${error instanceof Error ? error.message : String(error)}`)
    }
  })
}

function compileDetector(detector: Detector, file: DetectorFile, dialect: 'js' | 're2'): CompiledDetector {
  const tree = parsePattern(detector.pattern, detector.ignoreCase)
  if (dialect === 'js') {
    const slow = slowness(detector.pattern, detector.ignoreCase)
    if (slow) throw new PatternError(slow)
  }
  RE2JS.compile(detector.pattern.replaceAll('(?<', '(?P<'), detector.ignoreCase ? RE2JS.CASE_INSENSITIVE : 0)
  if (detector.context) {
    const slow = slowness(detector.context.near, true)
    if (slow) throw new PatternError(`context: ${slow}`)
  }
  for (const keyword of detector.keywords) {
    if (keyword.length < 3) throw new PatternError(`keyword ${JSON.stringify(keyword)} is shorter than 3 bytes`)
    if (!/^[\x20-\x7e]+$/.test(keyword)) throw new PatternError(`keyword ${JSON.stringify(keyword)} is not printable ASCII`)
  }
  if (detector.keywords.length === 0) throw new PatternError('no keyword')
  const expression = new RegExp(detector.pattern, detector.ignoreCase ? 'i' : '')
  const text = (example: string) => Buffer.from(example).toString('latin1')
  for (const example of detector.examples.match) {
    if (!expression.test(text(example))) throw new PatternError('the pattern does not match an example that it must match')
    const lower = example.toLowerCase()
    if (!detector.keywords.some((keyword) => lower.includes(keyword.toLowerCase()))) throw new PatternError('an example holds no keyword')
  }
  const { examples: _, ...rest } = detector
  return { ...rest, provider: file.provider, providerName: file.name, dialect, ...shape(detector, tree) }
}

function shape(detector: Detector, tree: PatternNode): Pick<CompiledDetector, 'widthBytesMax' | 'keywordOffsets' | 'specificity'> {
  const width = widthOf(tree)
  return {
    widthBytesMax: Math.min(width.max, matchBytesMax) + edgeBytes,
    keywordOffsets: detector.keywords.map((keyword) => {
      const offset = detector.context ? undefined : keywordOffset(tree, keyword)
      return offset && offset.max <= matchBytesMax ? ([offset.min, offset.max] as const) : null
    }),
    specificity: specificityOf(detector, tree),
  }
}

/** Literal bytes that every match holds weigh most; a check, the author's confidence and the absence of a context break ties. */
function specificityOf(detector: Detector, tree: PatternNode): number {
  const trust = { high: 40, medium: 20, low: 0 }[detector.confidence]
  return trust + (detector.check ? 15 : 0) + (detector.context ? -10 : 0) + Math.min(literalBytes(tree), 30)
}

function literalBytes(node: PatternNode): number {
  switch (node.type) {
    case 'bytes':
      return node.literal === undefined ? 0 : 1
    case 'assertion':
      return 0
    case 'sequence':
      return node.items.reduce((sum, item) => sum + literalBytes(item), 0)
    case 'choice':
      return Math.min(...node.options.map(literalBytes))
    case 'repeat':
      return node.min > 0 ? literalBytes(node.item) : 0
  }
}
