import { type GeneralSubtree, NameConstraints } from 'pkijs'
import type { Certificate } from './certificate.ts'

/*
 * Name constraints (RFC 5280 section 4.2.1.10). pkijs lets a certificate pass as soon as one of its names is permitted, and does not look
 * at those of the trust anchor; here every name has to be, under every authority of the path.
 */

const extensionId = '2.5.29.30'
/** GeneralName tags of the forms that are compared. */
const forms = { email: 1, dns: 2, directory: 4, uri: 6, address: 7 } as const

/** Why a certificate may not have its names under this authority; undefined where it may. */
export function whyOutside(certificate: Certificate, authority: Certificate): string | undefined {
  const extension = authority.asn1.extensions?.find((one) => one.extnID === extensionId)
  if (extension === undefined) return undefined
  const constraints: unknown = extension.parsedValue
  if (!(constraints instanceof NameConstraints)) return 'the name constraints of an authority cannot be read'
  const permitted = constraints.permittedSubtrees ?? []
  const excluded = constraints.excludedSubtrees ?? []
  const known = new Set<number>(Object.values(forms))
  if ([...permitted, ...excluded].some(({ base }) => !known.has(base.type)))
    return 'an authority constrains names of a form that is not known here'
  for (const [type, names] of namesOf(certificate)) {
    const allowed = permitted.filter(({ base }) => base.type === type)
    for (const name of names) {
      if (allowed.length > 0 && !allowed.some((subtree) => isWithin(type, name, subtree)))
        return 'it has a name that an authority of its path may not certify'
      if (excluded.some((subtree) => subtree.base.type === type && isWithin(type, name, subtree)))
        return 'it has a name that an authority of its path must not certify'
    }
  }
  return undefined
}

function namesOf({ names, asn1 }: Certificate): (readonly [number, readonly unknown[]])[] {
  const subject = asn1.subject.typesAndValues.length === 0 ? [] : [asn1.subject]
  return [
    [forms.dns, names.dns],
    [forms.uri, names.uris],
    [forms.email, names.emails],
    [forms.address, names.addresses],
    [forms.directory, subject],
  ]
}

function isWithin(type: number, name: unknown, { base }: GeneralSubtree): boolean {
  const constraint: unknown = base.value
  if (type === forms.directory) return directoryWithin(name, constraint)
  if (typeof name !== 'string') return false
  if (type === forms.address) return addressWithin(name, constraint)
  if (typeof constraint !== 'string') return false
  if (type === forms.dns) return hostWithin(name, constraint, { below: true })
  if (type === forms.uri) {
    const host = /^[a-z][a-z0-9+.-]*:\/\/(?:[^/?#@]*@)?([^/?#:[\]]+)/i.exec(name)?.[1]
    return host !== undefined && hostWithin(host, constraint, { below: constraint.startsWith('.') })
  }
  const at = name.lastIndexOf('@')
  if (constraint.includes('@'))
    return (
      name.slice(0, at) === constraint.slice(0, constraint.lastIndexOf('@')) &&
      hostWithin(name.slice(at + 1), constraint.slice(constraint.lastIndexOf('@') + 1), { below: false })
    )
  return hostWithin(name.slice(at + 1), constraint, { below: constraint.startsWith('.') })
}

function hostWithin(name: string, constraint: string, { below }: { readonly below: boolean }): boolean {
  const [host, domain] = [name.toLowerCase(), constraint.toLowerCase()]
  if (domain === '') return true
  if (domain.startsWith('.')) return host.endsWith(domain) && host.length > domain.length
  return host === domain || (below && host.endsWith(`.${domain}`))
}

/** The constraint is an address and its mask. */
function addressWithin(name: string, constraint: unknown): boolean {
  const view = (constraint as { valueBlock?: { valueHexView?: unknown } } | undefined)?.valueBlock?.valueHexView
  const address = Buffer.from(name, 'hex')
  if (!(view instanceof Uint8Array) || view.length !== 2 * address.length) return false
  return address.every((byte, at) => ((byte ^ (view[at] ?? 0)) & (view[address.length + at] ?? 0)) === 0)
}

type Comparable = { readonly typesAndValues: readonly { isEqual(other: unknown): boolean }[] }

/** The subject begins with what the constraint says. */
function directoryWithin(name: unknown, constraint: unknown): boolean {
  const [whole, head] = [name as Comparable, constraint as Comparable]
  return (
    head.typesAndValues.length <= whole.typesAndValues.length &&
    head.typesAndValues.every((one, at) => one.isEqual(whole.typesAndValues[at]))
  )
}
