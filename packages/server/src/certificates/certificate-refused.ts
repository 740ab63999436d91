/** Why a certificate does not count; the text is for its owner and speaks of nothing but the certificate. */
export class CertificateRefused extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'CertificateRefused'
  }
}
