import type { Command } from 'commander'
import { addSecondOpinion, type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { wrongUsage } from '../failure.ts'
import { addSecretOptions, readSecret, type SecretOptions } from '../input/secret.ts'
import { type BodyOptions, bodyFrom, requireFields } from './body.ts'
import type { ResourceDefinition, Row } from './definition.ts'
import { addFields, fieldsOf } from './fields.ts'
import { routeOf } from './routes.ts'
import { printThing } from './show.ts'

type CreateOptions = CommonOptions & SecretOptions & BodyOptions & { readonly quiet?: boolean }

export function createCommand(definition: ResourceDefinition): Command {
  const command = serverCommand('create', `Add ${article(definition.name)}`).option('-q, --quiet', `print the ${definition.key} alone`)
  if (definition.secret !== undefined) addSecretOptions(command)
  if (definition.secondOpinion) addSecondOpinion(command)
  const fields = fieldsOf(definition.fields, 'create')
  return addFields(command, definition.fields, 'create').action(async (_: unknown, self: Command) => {
    const options = self.optsWithGlobals<CreateOptions>()
    if (options.body === '-' && options.secretStdin)
      throw wrongUsage('--body - and --secret-stdin both want standard input', 'Use a file for one of them.')
    const given = await bodyFrom(fields, options)
    const body = definition.complete?.(given) ?? given
    requireFields(fields, body)
    const api = connect(options)
    const field = definition.secretField ?? 'secret'
    if (definition.secret !== undefined && body[field] === undefined) {
      const secret = await readSecret(options, definition.secret, false)
      if (secret !== undefined) body[field] = secret
    }
    const { answer } = await api.call(await routeOf(definition.group, 'create'), { body })
    printThing(answer as Row, options)
  })
}

function article(name: string): string {
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
}
