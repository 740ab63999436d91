import { readFileSync, statSync } from 'node:fs'
import { assertionProof } from './assertion.ts'
import { IdentityError, type IdentitySource, type WorkloadIdentity } from './identity.ts'

/** No token is longer, and what is longer was named by mistake. */
const fileBytesMax = 65_536

/**
 * A file with one token that somebody else keeps fresh: spiffe-helper (a JWT-SVID), a cloud's agent (Google, Entra), the kubelet. Read at each
 * renewal.
 */
export function tokenFile(options: {
  readonly file: string
  readonly workload?: string | undefined
  readonly source?: IdentitySource
  readonly about?: string
}): WorkloadIdentity {
  const { file, workload } = options
  return {
    source: options.source ?? 'token-file',
    about: options.about ?? `the token in ${file}`,
    workload,
    async prove(issuer) {
      return assertionProof(
        readToken(file),
        file,
        `Whatever keeps it fresh has to write a token for the audience ${issuer} there.`,
        workload,
      )
    },
  }
}

function readToken(file: string): string {
  try {
    if (statSync(file).size > fileBytesMax) throw new Error(`it has more than ${fileBytesMax} bytes`)
    return readFileSync(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new IdentityError(`${file} can't be read: ${why}`, 'Check its path, and that this user may read it.', error)
  }
}
