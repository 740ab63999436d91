import { lineAt, type Reference, type Rewrite, type Spot } from './edit.ts'

const assignment = /^(\s*(?:export\s+)?)([A-Za-z_][A-Za-z0-9_]*)(\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s#"']*))\s*(?:#.*)?$/

/**
 * A line of a dotenv file. Where the variable is the one that `keyward run` sets, the line becomes a comment: nothing may win over what is set.
 * Where it has another name, it refers to the variable, which most loaders expand.
 */
export function rewriteDotenv({ text, start, end }: Spot, { variable, credential, start: command }: Reference): Rewrite {
  const line = lineAt(text, start)
  const parts = assignment.exec(text.slice(line.start, line.end))
  if (!parts) return { byHand: 'the line is not of the form NAME=value' }
  const [, before = '', name = '', sign = '=', double, single, bare] = parts
  if ((double ?? single ?? bare) !== text.slice(start, end)) return { byHand: `the secret is only a part of ${name}` }
  if (name === variable) return whole(`# ${name} is kept by Keyward as ${credential}. Start with: ${command}`)
  return {
    ...whole(`${before}${name}${sign}\${${variable}}`),
    remark: `${name} refers to ${variable} now: whatever loads the file must expand references (dotenv of npm and node --env-file do not)`,
  }

  function whole(made: string) {
    return { edits: [{ start: line.start, end: line.end, text: made }] }
  }
}
