import { IdentityError } from '@keyward/sdk/workload-identity/identity'
import { type EndpointAnswer, postForm } from '@keyward/sdk/workload-identity/token-endpoint'
import { exitCodes, Failure } from '../failure.ts'
import { fixFor } from './governed.ts'
import type { ActingAs } from './identity.ts'

/** A token that a workload got for itself, bound to no key. */
export interface WorkloadToken {
  readonly access_token: string
  readonly token_type: string
  readonly expires_in: number
  readonly scope: string
  readonly resource: string
}

const answerMsMax = 30_000

/**
 * One token for a workload, for programs that can hold no key to bind it to.
 * @param wanted what it is for, by the grant's id or the resource's name or address; neither where the workload has one grant only
 * @throws Failure
 */
export async function mintAs(
  acting: ActingAs,
  wanted: { readonly grant?: string | undefined; readonly resource?: string | undefined },
): Promise<WorkloadToken> {
  const { issuer, identity } = acting
  const { grant, resource } = wanted
  const { form, certificate } = await identity.prove(issuer).catch((error: unknown) => {
    if (error instanceof IdentityError) throw new Failure(exitCodes.refused, error.message, { fix: error.fix, cause: error })
    throw error
  })
  let answered: EndpointAnswer
  try {
    answered = await postForm({
      address: `${issuer}/oauth2/token`,
      form: {
        ...form,
        ...(grant === undefined ? {} : { scope: `grant:${grant}` }),
        ...(resource === undefined ? {} : { resource: resource.includes('://') ? resource : `${issuer}/g/${resource}` }),
      },
      certificate,
      signal: AbortSignal.timeout(answerMsMax),
    })
  } catch (error) {
    throw new Failure(exitCodes.away, `Keyward at ${issuer} did not answer`, { fix: fixFor('unreachable', acting), cause: error })
  }
  const { status, answer } = answered
  if (status !== 200) {
    const code = String(answer.error ?? status)
    const why = String(answer.error_description ?? answer.error ?? `status ${status}`)
    throw new Failure(exitCodes.refused, `No token${grant === undefined ? '' : ` for ${grant}`}: ${why}`, {
      fix:
        code === 'invalid_dpop_proof'
          ? `This grant wants a token that is bound to a key: keyward run --grant ${grant ?? 'grt_…'} -- COMMAND`
          : fixFor(code, acting),
    })
  }
  if (typeof answer.access_token !== 'string' || typeof answer.expires_in !== 'number')
    throw new Failure(exitCodes.refused, 'The token endpoint answered in a form that this version does not know')
  return answer as unknown as WorkloadToken
}
