import { readFileSync } from 'node:fs'
import { IdentityError, type WorkloadIdentity } from './identity.ts'

/** Files with the certificate (with the authorities between it and the root behind it) and its private key, both PEM. */
export const certificateVariables = { cert: 'KEYWARD_CLIENT_CERT', key: 'KEYWARD_CLIENT_KEY' } as const

/**
 * A client certificate, shown in the TLS handshake (RFC 8705 section 2): an X.509-SVID, one of a company's own authority, or a self-signed
 * one. The files are read at each renewal, because whoever issues short-lived certificates replaces them.
 */
export function clientCertificate(options: {
  readonly certFile: string
  readonly keyFile: string
  readonly workload: string | undefined
}): WorkloadIdentity {
  const { certFile, keyFile, workload } = options
  return {
    source: 'certificate',
    about: `the client certificate in ${certFile}`,
    workload,
    async prove(issuer) {
      if (workload === undefined)
        throw new IdentityError(
          `The client certificate in ${certFile} does not say which workload it stands for`,
          'Name it: --workload wl_… or KEYWARD_WORKLOAD.',
        )
      if (!issuer.startsWith('https://'))
        throw new IdentityError(
          `A client certificate is shown over TLS, and ${issuer} is plain http`,
          'Give Keyward a certificate (KEYWARD_TLS_CERT), and KEYWARD_CLIENT_CERTIFICATES=tls.',
        )
      return {
        form: { grant_type: 'client_credentials', client_id: workload },
        client: { client_id: workload },
        certificate: { cert: readPem(certFile, 'CERTIFICATE'), key: readPem(keyFile, 'PRIVATE KEY') },
      }
    },
  }
}

function readPem(file: string, what: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new IdentityError(`${file} can't be read: ${why}`, 'Check its path, and that this user may read it.', error)
  }
  if (!text.includes('-----BEGIN ') || !text.includes(`${what}-----`))
    throw new IdentityError(
      `${file} holds no ${what.toLowerCase()} in PEM`,
      `${certificateVariables.cert} is the certificate, ${certificateVariables.key} its private key.`,
    )
  return text
}
