import { BlockList, isIP } from 'node:net'
import type { Certificate } from './certificate.ts'
import { hasSubject, parseDistinguishedName } from './distinguished-name.ts'

/** What of a certificate names its holder: exactly one of the five of RFC 8705 section 2.1.2. */
export interface CertificateSubject {
  readonly kind: 'subject_dn' | 'san_dns' | 'san_uri' | 'san_ip' | 'san_email'
  readonly value: string
}

/** What is wrong with a subject that a rule is to name; undefined where nothing is. */
export function whyNoSubject({ kind, value }: CertificateSubject): string | undefined {
  switch (kind) {
    case 'subject_dn':
      return parseDistinguishedName(value) === undefined
        ? 'must be the whole subject as an RFC 4514 string, such as CN=agent,O=Acme'
        : undefined
    case 'san_dns':
      return /^(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/i.test(value)
        ? undefined
        : 'must be one host name in full: stars are not matched'
    case 'san_uri':
      return /^[a-z][a-z0-9+.-]*:[\x21-\x7e]+$/i.test(value) ? undefined : 'must be one absolute URI in full'
    case 'san_ip':
      return isIP(value) === 0 ? 'must be one IP address' : undefined
    case 'san_email':
      return /^[^@\s]+@[^@\s]+$/.test(value) && !value.includes('*') ? undefined : 'must be one address in full'
  }
}

/** True where the certificate has that subject. Nothing is a pattern: a star in either is a letter that no name has. */
export function fitsSubject(certificate: Certificate, { kind, value }: CertificateSubject): boolean {
  const { names } = certificate
  switch (kind) {
    case 'subject_dn':
      return hasSubject(certificate, value)
    case 'san_dns':
      return names.dns.some((name) => name.toLowerCase() === value.toLowerCase())
    case 'san_uri':
      return names.uris.includes(value)
    case 'san_ip':
      return names.addresses.some((address) => isAddress(address, value))
    case 'san_email':
      return names.emails.some((name) => withLowerDomain(name) === withLowerDomain(value))
  }
}

function isAddress(hex: string, value: string): boolean {
  const bytes = Buffer.from(hex, 'hex')
  const family = isIP(value) === 6 ? 'ipv6' : 'ipv4'
  if (bytes.length !== (family === 'ipv6' ? 16 : 4)) return false
  const one = new BlockList()
  one.addAddress(value, family)
  const text = family === 'ipv4' ? [...bytes].join('.') : (hex.match(/.{4}/g) ?? []).join(':')
  return one.check(text, family)
}

function withLowerDomain(email: string): string {
  const at = email.lastIndexOf('@')
  return email.slice(0, at) + email.slice(at).toLowerCase()
}
