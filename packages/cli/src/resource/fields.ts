import { type Command, Option } from 'commander'
import type { Field } from './definition.ts'

/** Adds the flags of the fields that an act takes. */
export function addFields(command: Command, fields: readonly Field[], act: 'create' | 'update'): Command {
  for (const field of fields) {
    if (field.on !== undefined && field.on !== act) continue
    const needed = act === 'create' && field.required ? ' (required)' : ''
    if (field.value === undefined) {
      command.option(`--${field.flag}`, field.text + needed)
      if (field.negates) command.option(`--no-${field.flag}`, `the opposite of --${field.flag}`)
      continue
    }
    const option = new Option(`--${field.flag} <${field.value}>`, field.text + needed)
    if (field.repeats) option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text])
    command.addOption(option)
  }
  command.option('--body <file>', 'a file with the whole body as a JSON object (- for standard input); flags go on top')
  if (act === 'update' && fields.some((field) => field.clears)) {
    const names = fields.flatMap((field) => (field.clears ? [field.flag] : []))
    command.option('--clear <fields>', `empty these: ${names.join(', ')}`)
  }
  return command
}

export function fieldsOf(fields: readonly Field[], act: 'create' | 'update'): Field[] {
  return fields.filter((field) => field.on === undefined || field.on === act)
}
