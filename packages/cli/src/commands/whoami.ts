import type { Me } from '@keyward/contract/people'
import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import { connect } from '../connection/connect.ts'
import { printFields } from '../output/fields.ts'
import { printJson } from '../output/print.ts'

export function whoamiCommand(): Command {
  return serverCommand('whoami', 'Who I am at the server, and until when').action(async (_: unknown, self: Command) => {
    const options = self.optsWithGlobals<CommonOptions>()
    const { routes } = await import('@keyward/contract/routes')
    const api = connect(options)
    const { answer } = await api.call(routes.me.show)
    const me = answer as Me
    if (options.json) printJson(me)
    else
      printFields({
        server: api.origin,
        user: `${me.user.name} (${me.user.id})`,
        'e-mail': me.user.email,
        roles: me.user.roles.map(
          (role) => `${role.role}${role.team ? ` of ${role.team}` : ''}${role.environment ? ` in ${role.environment}` : ''}`,
        ),
        'logged in by': me.session.method,
        until: me.session.expires_at,
        fresh: me.session.fresh
          ? 'yes: may do what needs a recent authentication'
          : 'no: log in again for what needs a recent authentication',
      })
  })
}
