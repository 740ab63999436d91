import type { Command } from 'commander'
import { addSecondOpinion, type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { cancelled, confirmed } from '../input/prompt.ts'
import { note, print, printJson } from '../output/print.ts'
import { showTime } from '../output/values.ts'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition, Row } from '../resource/definition.ts'
import { oneOf, roleBinding, text } from '../resource/parsers.ts'
import { routeOf } from '../resource/routes.ts'
import { printThing } from '../resource/show.ts'

export const users: ResourceDefinition = {
  name: 'user',
  plural: 'users',
  group: 'users',
  summary: 'People who may sign in, and their roles',
  key: 'id',
  acts: ['list', 'show', 'create', 'update'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'NAME', value: 'name', fit: 'cut' },
    { title: 'E-MAIL', value: 'email', fit: 'cut' },
    { title: 'STATE', value: 'state', fit: 'whole' },
    { title: 'ROLES', value: 'roles', fit: 'cut' },
    { title: 'LAST SIGN-IN', value: 'last_sign_in_at', fit: 'whole' },
  ],
  filters: [
    { flag: 'state', text: 'only in this state: active, disabled', parse: oneOf(['active', 'disabled']) },
    { flag: 'q', text: 'words of name or e-mail', parse: text },
  ],
  fields: [
    { flag: 'name', value: 'name', text: 'their name', parse: text, required: true },
    { flag: 'email', value: 'email', text: 'their e-mail address', parse: text, required: true },
    {
      flag: 'role',
      value: 'role',
      path: 'roles',
      text: 'admin, operator, auditor or viewer; over less than everything: operator:team=own_…,environment=production. May be given again',
      parse: roleBinding,
      repeats: true,
      required: true,
    },
    { flag: 'owner', value: 'owner', text: 'the owner (kind person) that this user is', parse: text, clears: true },
    { flag: 'state', value: 'state', text: 'active or disabled', parse: oneOf(['active', 'disabled']), on: 'update' },
  ],
  secondOpinion: true,
  whenEmpty: 'No users. Next: keyward user create --name "Ada" --email ada@example.com --role operator',
}

export function userCommand(): Command {
  return resourceCommand(users).addCommand(invite()).addCommand(erase())
}

function invite(): Command {
  return addSecondOpinion(serverCommand('invite', 'A one-time sign-in link for a user; it is shown once and works for 10 minutes'))
    .argument('<id>', 'the user')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions>()
      const { answer } = await connect(options).call(await routeOf('users', 'invite'), { params: { id } })
      const link = answer as { url: string; expires_at: string }
      if (options.json) printJson(link)
      else {
        print(link.url)
        note(`Works once, until ${showTime(link.expires_at)}. Hand it to them alone.`)
      }
    })
}

function erase(): Command {
  return addSecondOpinion(serverCommand('erase', "Disable a user and erase their personal data, also beside the audit log's entries"))
    .argument('<id>', 'the user')
    .option('-y, --yes', 'do not ask')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<CommonOptions & { readonly yes?: boolean }>()
      const api = connect(options)
      if (options.yes !== true && !(await confirmed(`Erase the personal data of ${id}? This can't be undone.`))) throw cancelled()
      const { answer } = await api.call(await routeOf('users', 'erase'), { params: { id } })
      printThing(answer as Row, options)
    })
}
