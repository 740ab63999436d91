import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RE2JS } from 're2js'
import { parse } from 'smol-toml'
import { type Allowance, type CompiledDetector, matchBytesMax } from '../compiled-detector.ts'
import { DetectorFileError } from './validate.ts'

type Table = Readonly<Record<string, unknown>>

/** `[extend] path` may lead from file to file; gitleaks stops after two, so do we. */
const extendDepthMax = 2
/** Rules without a keyword run on every line in gitleaks; here their window is the neighbourhood of these bytes. */
const keywordlessHint = 'add keywords of at least 3 bytes to it'

/**
 * Reads a gitleaks configuration as it is: rules with regex, secretGroup, entropy, path, keywords and allow-lists; `[extend]` with a
 * path and disabled rules. Its patterns are Go's RE2 syntax and run in RE2. Throws `DetectorFileError` with the rule and the reason.
 */
export function compileGitleaks(path: string, depth = 0): CompiledDetector[] {
  const config = parse(readFileSync(path, 'utf8')) as Table
  const shared = tables(config.allowlists ?? config.allowlist).map((list) => ({
    ...allowanceOf(list),
    rules: strings(list.targetRules),
  }))
  const extend = (config.extend ?? {}) as Table
  const disabled = new Set(strings(extend.disabledRules))
  const base = typeof extend.path === 'string' && depth < extendDepthMax ? compileGitleaks(join(dirname(path), extend.path), depth + 1) : []
  const own = tables(config.rules).flatMap((rule) => ruleOf(rule, path))
  const ownIds = new Set(own.map((rule) => rule.id))
  return [...base.filter((rule) => !ownIds.has(rule.id) && !disabled.has(rule.id)), ...own].map((rule) => {
    const general = shared.filter((list) => list.rules.length === 0 || list.rules.includes(rule.id.replace(/^gitleaks-/, '')))
    return { ...rule, allowances: [...(rule.allowances ?? []), ...general] }
  })
}

function ruleOf(rule: Table, path: string): CompiledDetector[] {
  const id = String(rule.id ?? '')
  const pattern = rule.regex
  if (id === '') throw new DetectorFileError(`${path}: a rule without an id`)
  if (typeof pattern !== 'string') return []
  const keywords = strings(rule.keywords).filter((keyword) => keyword.length >= 3)
  if (keywords.length === 0) throw new DetectorFileError(`${path}: rule ${id} has no keyword; ${keywordlessHint}`)
  const group = Number(rule.secretGroup ?? 0)
  const named = group > 0 ? nameGroup(pattern, group) : pattern
  try {
    RE2JS.compile(named)
  } catch (error) {
    throw new DetectorFileError(`${path}: rule ${id}: ${error instanceof Error ? error.message : String(error)}`)
  }
  return [
    {
      id: `gitleaks-${id}`,
      name: String(rule.description ?? id),
      kind: 'api_key',
      purpose: 'tool',
      authority: ['consume'],
      severity: 'high',
      pattern: named,
      keywords,
      ...(rule.entropy === undefined ? {} : { entropyMin: Number(rule.entropy) }),
      confidence: 'medium',
      revoke: { how: 'Revoke it where it was issued.' },
      source: path,
      provider: 'gitleaks',
      providerName: 'Own rule',
      dialect: 're2',
      widthBytesMax: Math.min(1024, matchBytesMax),
      keywordOffsets: keywords.map(() => null),
      specificity: 15,
      ...(typeof rule.path === 'string' ? { path: rule.path } : {}),
      allowances: tables(rule.allowlists ?? rule.allowlist).map(allowanceOf),
    },
  ]
}

/** Names the capture group that holds the secret, so that one convention serves both kinds of detectors. */
function nameGroup(pattern: string, group: number): string {
  let count = 0
  let inClass = false
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]
    if (char === '\\') at++
    else if (char === '[') inClass = true
    else if (char === ']') inClass = false
    else if (char === '(' && !inClass && (pattern[at + 1] !== '?' || pattern[at + 2] === 'P')) {
      if (++count === group) return pattern[at + 1] === '?' ? pattern : `${pattern.slice(0, at + 1)}?P<secret>${pattern.slice(at + 1)}`
    }
  }
  return pattern
}

function allowanceOf(list: Table): Allowance {
  const target = list.regexTarget
  return {
    all: String(list.condition ?? 'OR').toUpperCase() === 'AND',
    paths: strings(list.paths),
    patterns: strings(list.regexes),
    target: target === 'match' || target === 'line' ? target : 'secret',
    stopwords: strings(list.stopwords).map((word) => word.toLowerCase()),
    commits: strings(list.commits),
  }
}

function tables(value: unknown): Table[] {
  if (value === undefined) return []
  return (Array.isArray(value) ? value : [value]) as Table[]
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : []
}
