import type { Issuer, IssuerKeys } from '@keyward/contract/issuers'
import { LocalError } from '../../api/failure.ts'
import { type CheckedKeys, checkJwks, checkPem } from './check-keys.ts'
import { type PresetId, startOf } from './issuer-presets.ts'

/** An issuer as its form holds it. */
export interface IssuerValues {
  readonly name: string
  readonly issuer: string
  readonly source: IssuerKeys['type']
  readonly url: string
  readonly jwks: string
  readonly bundle: string
  readonly pem: string
  readonly allowPrivate: boolean
  readonly attests: boolean
  readonly ca: string
  readonly description: string
}

export function startValues(id: PresetId): IssuerValues {
  const { name, issuer, source } = startOf(id)
  return { ...noValues, name, issuer, source }
}

const noValues: IssuerValues = {
  ...{ name: '', issuer: '', source: 'discovery', url: '', jwks: '', bundle: '', pem: '' },
  ...{ allowPrivate: false, attests: false, ca: '', description: '' },
}

export function issuerValues(issuer: Issuer): IssuerValues {
  const { keys_from: from } = issuer
  return {
    ...noValues,
    name: issuer.name,
    issuer: issuer.issuer,
    source: from.type,
    ...('url' in from ? { url: from.url } : {}),
    ...(from.type === 'jwks' ? { jwks: JSON.stringify({ keys: from.keys }, null, 2) } : {}),
    ...(from.type === 'bundle' ? { bundle: JSON.stringify({ keys: from.keys }, null, 2) } : {}),
    ...(from.type === 'certificates' ? { pem: from.pem } : {}),
    allowPrivate: issuer.allow_private,
    attests: issuer.attests,
    ca: issuer.ca ?? '',
    description: issuer.description ?? '',
  }
}

/** What was pasted, looked at; undefined where nothing was, or nothing is asked for. */
export function checkValues(values: IssuerValues): CheckedKeys | undefined {
  switch (values.source) {
    case 'jwks':
      return values.jwks.trim() === '' ? undefined : checkJwks(values.jwks)
    case 'bundle':
      return values.bundle.trim() === '' ? undefined : checkJwks(values.bundle, 'bundle')
    case 'certificates':
      return values.pem.trim() === '' ? undefined : checkPem(values.pem)
    default:
      return undefined
  }
}

/** Where the keys come from, as the API takes it. @throws LocalError with the field, for what is no key */
export function keysOf(values: IssuerValues): IssuerKeys {
  const checked = checkValues(values)
  if (checked?.ok === false) {
    const field = values.source === 'certificates' ? '/keys_from/pem' : '/keys_from/keys'
    throw new LocalError('The keys can’t be used', 'Nothing was sent.', [{ field, message: checked.says }])
  }
  const keys = (checked?.keys ?? []) as (Record<string, unknown> & { kty: 'EC' })[]
  switch (values.source) {
    case 'jwks':
    case 'bundle':
      return { type: values.source, keys }
    case 'certificates':
      return { type: 'certificates', pem: values.pem.trim() }
    case 'jwks_uri':
    case 'bundle_url':
      return { type: values.source, url: values.url.trim() }
    default:
      return { type: 'discovery' }
  }
}

/** The same for a form that compares what it would send while it is being filled in. */
export function keysOrWhyNot(values: IssuerValues): IssuerKeys | LocalError {
  try {
    return keysOf(values)
  } catch (error) {
    if (error instanceof LocalError) return error
    throw error
  }
}
