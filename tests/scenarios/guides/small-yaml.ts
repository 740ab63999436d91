/** What the YAML of a guide says: mappings, lists and texts. */
export type Yaml = string | readonly Yaml[] | { readonly [key: string]: Yaml }

interface Line {
  readonly indent: number
  readonly text: string
}

/**
 * Reads the part of YAML that CI jobs and pods are written in: block mappings and lists, one-line texts, `[a, b]`. Anything else is an error,
 * so that nothing is read as something that it is not. All scalars are texts.
 */
export function readYaml(source: string): Yaml {
  const lines = source
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('#'))
    .map((line) => ({ indent: line.length - line.trimStart().length, text: line.trim() }))
  const { value, rest } = block(lines)
  if (rest.length > 0) throw new Error(`not read: ${rest[0]?.text}`)
  return value
}

/** The value at a path such as `jobs.agent.steps.0`. */
export function at(yaml: Yaml, path: string): Yaml {
  let value: Yaml | undefined = yaml
  for (const part of path.split('.'))
    value = typeof value === 'object' ? (value as { readonly [key: string]: Yaml | undefined })[part] : undefined
  if (value === undefined) throw new Error(`the YAML has no ${path}`)
  return value
}

export function textAt(yaml: Yaml, path: string): string {
  const value = at(yaml, path)
  if (typeof value !== 'string') throw new Error(`${path} is no text`)
  return value
}

export function listAt(yaml: Yaml, path: string): readonly Yaml[] {
  const value = at(yaml, path)
  if (!Array.isArray(value)) throw new Error(`${path} is no list`)
  return value as readonly Yaml[]
}

function block(lines: readonly Line[]): { value: Yaml; rest: readonly Line[] } {
  const [first] = lines
  if (first === undefined) throw new Error('nothing there')
  return first.text.startsWith('- ') ? list(lines, first.indent) : mapping(lines, first.indent)
}

function list(lines: readonly Line[], indent: number): { value: Yaml[]; rest: readonly Line[] } {
  const value: Yaml[] = []
  let rest = lines
  for (let line = rest[0]; line?.indent === indent && line.text.startsWith('- '); line = rest[0]) {
    const text = line.text.slice(2)
    // What stands after the dash is the first line of a block that is two further in.
    const inner = [{ indent: indent + 2, text }, ...rest.slice(1)]
    if (isEntry(text)) {
      const read = mapping(inner, indent + 2)
      value.push(read.value)
      rest = read.rest
    } else {
      value.push(scalar(text))
      rest = rest.slice(1)
    }
  }
  return { value, rest }
}

function mapping(lines: readonly Line[], indent: number): { value: { [key: string]: Yaml }; rest: readonly Line[] } {
  const value: { [key: string]: Yaml } = {}
  let rest = lines
  for (let line = rest[0]; line?.indent === indent && !line.text.startsWith('- '); line = rest[0]) {
    const [, key = '', text = ''] = /^([\w.-]+):(?: (.*))?$/.exec(line.text) ?? []
    if (key === '') throw new Error(`no entry of a mapping: ${line.text}`)
    rest = rest.slice(1)
    if (text !== '') value[key] = scalar(text)
    else {
      const inner = block(rest)
      if ((rest[0]?.indent ?? 0) <= indent) throw new Error(`${key} is empty`)
      value[key] = inner.value
      rest = inner.rest
    }
  }
  return { value, rest }
}

function isEntry(text: string): boolean {
  return /^[\w.-]+:(?: |$)/.test(text)
}

function scalar(text: string): Yaml {
  if (/^[|>&*!%@`{"']/.test(text)) throw new Error(`more YAML than is read here: ${text}`)
  if (!text.startsWith('[')) return text
  return text
    .slice(1, -1)
    .split(',')
    .map((one) => one.trim())
}
