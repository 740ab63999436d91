import { lineAt, type Reference, type Rewrite, type Spot } from './edit.ts'

/** How a file of settings is written, where it is one that expands references; or why it does not. */
export function rewriteConfiguration(spot: Spot, reference: Reference): Rewrite {
  const reason = neverExpanded(spot)
  if (reason !== undefined) return { byHand: reason }
  // Editors read their own variables and, marked so, those of the environment.
  const made = /(?:^|\/)\.(?:vscode|cursor)\//.test(spot.path) ? `\${env:${reference.variable}}` : `\${${reference.variable}}`
  const rewrite = /\.ya?ml$/.test(spot.path) ? inYaml(spot, made) : inString(spot, made)
  if ('byHand' in rewrite || !/\.json$/.test(spot.path)) return rewrite
  return parses(spot.text) && !parses(spot.text.slice(0, spot.start) + made + spot.text.slice(spot.end))
    ? { byHand: 'it would no longer be JSON' }
    : rewrite
}

function neverExpanded({ path, text }: Spot): string | undefined {
  if (/(?:^|\/)\.github\/workflows\//.test(path))
    return 'a workflow proves who it is by OIDC: give it an identity (keyward workload --help)'
  if (/(?:^|\/)claude_desktop_config\.json$/.test(path)) return 'this client expands no references: start it through keyward run'
  if (/\.tf(?:state|vars)(?:\.json)?$/.test(path)) return 'Terraform expands no references there'
  if (/^apiVersion:/m.test(text) && /^kind:/m.test(text)) return 'Kubernetes expands no references there: run the pod through keyward run'
  if (/"(?:cells|nbformat)"\s*:/.test(text) && /"nbformat"/.test(text)) return 'notebooks also keep what was printed'
  return undefined
}

/** Inside double quotes, and in a value: JSON and TOML. */
function inString({ text, start, end }: Spot, made: string): Rewrite {
  const line = lineAt(text, start)
  if (!openDouble(text.slice(line.start, start))) return { byHand: 'it does not stand between double quotes' }
  const close = text.indexOf('"', end)
  if (close === -1 || close > line.end) return { byHand: 'its text goes on in the next line' }
  if (/^\s*:/.test(text.slice(close + 1, line.end))) return { byHand: 'it is a name there, not a value' }
  return value({ start, end }, made)
}

/** Quoted, or plain where the line has no brackets: there a brace would end the value. */
function inYaml({ text, start, end }: Spot, made: string): Rewrite {
  const line = lineAt(text, start)
  const ahead = text.slice(line.start, start)
  const single = (ahead.match(/'/g)?.length ?? 0) % 2 === 1
  if (openDouble(ahead) || single) return value({ start, end }, made)
  if (/[[{|>]/.test(ahead) || !/^\s*(?:(?:- +)*[\w.-]+ *: +|(?:- +)+)/.test(ahead))
    return { byHand: 'it is not clear what the text around it needs' }
  return value({ start, end }, made)
}

function value({ start, end }: { readonly start: number; readonly end: number }, made: string): Rewrite {
  return { edits: [{ start, end, text: made }], remark: `${made} must be expanded by whatever reads the file: try it with --check` }
}

function openDouble(ahead: string): boolean {
  return (ahead.replaceAll(/\\./g, '').match(/"/g)?.length ?? 0) % 2 === 1
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
