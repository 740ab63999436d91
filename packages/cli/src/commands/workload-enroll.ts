import { generateKeyPairSync } from 'node:crypto'
import { hostname, userInfo } from 'node:os'
import type { Identity } from '@keyward/contract/identities'
import type { Command } from 'commander'
import { type CommonOptions, serverCommand } from '../common-options.ts'
import type { Api } from '../connection/api.ts'
import { connect } from '../connection/connect.ts'
import { issuerOf } from '../connection/issuer.ts'
import { print, printJson } from '../output/print.ts'
import { routeOf } from '../resource/routes.ts'
import { openEnrolments } from '../run/enrolments.ts'

interface EnrollOptions extends CommonOptions {
  readonly name?: string
}

export interface Enrolled {
  readonly identity: Identity
  readonly issuer: string
  /** For people: where the private key is. */
  readonly place: string
}

/**
 * Makes this machine one that may act as the workload: a new EC P-256 key, whose private half stays here. It is stored before its public half is
 * registered, so that no identity is left that nobody can use.
 */
export async function enroll(api: Api, id: string, named?: string): Promise<Enrolled> {
  const issuer = await issuerOf(api)
  const route = await routeOf('workloads', 'addIdentity')
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const enrolments = openEnrolments(process.env)
  const before = await enrolments.read(issuer, id)
  await enrolments.write({ origin: issuer, workload: id, key: privateKey.export({ format: 'jwk' }) as Record<string, string> })
  try {
    const name = named ?? `${userInfo().username}@${hostname()}`
    const { answer } = await api.call(route, {
      params: { id },
      body: { method: 'private_key_jwt', name, jwk: publicKey.export({ format: 'jwk' }) },
    })
    return { identity: answer as Identity, issuer, place: enrolments.place }
  } catch (error) {
    if (before === undefined) await enrolments.remove(issuer, id)
    else await enrolments.write(before)
    throw error
  }
}

export function enrollCommand(): Command {
  return serverCommand('enroll', 'Let this machine act as the workload: makes a key here and registers its public half')
    .argument('<id>', 'the workload (wl_…)')
    .option('--name <name>', 'what this machine is called there (default: user@host)')
    .action(async (id: string, _: unknown, self: Command) => {
      const options = self.optsWithGlobals<EnrollOptions>()
      const api = connect(options)
      const { identity, issuer, place } = await enroll(api, id, options.name)
      if (options.json) printJson({ workload: id, identity: identity.id, server: issuer, stored_in: place })
      else {
        print(`This machine can act as ${id} now (identity ${identity.id}). Its private key is in ${place}.`)
        print(`Next: keyward run --grant grt_… -- COMMAND`)
      }
    })
}
