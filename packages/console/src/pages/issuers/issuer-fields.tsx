import type { Issuer } from '@keyward/contract/issuers'
import { CheckField } from '../../components/form/check-field.tsx'
import { SelectField } from '../../components/form/select-field.tsx'
import { TextAreaField, TextField } from '../../components/form/text-field.tsx'
import { sourcesOf, sourceWords } from './issuer-presets.ts'
import { checkValues, type IssuerValues } from './issuer-values.ts'

interface IssuerFieldsProps {
  readonly kind: Issuer['kind']
  readonly values: IssuerValues
  readonly set: <Key extends keyof IssuerValues>(key: Key) => (value: IssuerValues[Key]) => void
}

/** Where an issuer's keys come from, and what is known of it. */
export function IssuerFields({ kind, values, set }: IssuerFieldsProps) {
  const fetched = ['discovery', 'jwks_uri', 'bundle_url'].includes(values.source)
  const sources = sourcesOf[kind]
  return (
    <>
      {sources.length > 1 && (
        <SelectField
          label="Its keys come from"
          pointer="/keys_from/type"
          hint={
            fetched
              ? 'Fetched within bounds, kept, and fetched again when it changes them.'
              : 'When it changes its keys, paste the new ones here.'
          }
          value={values.source}
          onChange={set('source')}
          choices={sources.map((value) => ({ value, text: sourceWords[value] }))}
        />
      )}
      {(values.source === 'jwks_uri' || values.source === 'bundle_url') && (
        <TextField
          label="Address of its keys"
          type="url"
          pointer="/keys_from/url"
          placeholder={values.source === 'bundle_url' ? 'https://spire.acme.example/bundle' : 'https://issuer.example.com/jwks.json'}
          value={values.url}
          onChange={set('url')}
        />
      )}
      <Pasted values={values} set={set} />
      {kind !== 'oidc' && (
        <CheckField
          label="It attests what runs where"
          hint="Node and workload attestation, as SPIRE does: its bound tokens then count as attested."
          pointer="/attests"
          checked={values.attests}
          onChange={set('attests')}
        />
      )}
      {fetched && (
        <details className="group sm:col-span-2" open={values.allowPrivate || values.ca !== ''}>
          <summary className="w-fit cursor-pointer text-sm text-soft hover:text-ink">In a private network</summary>
          <div className="mt-3 grid gap-4">
            <CheckField
              label="Its keys may be fetched from a private address"
              hint="Otherwise only public addresses are asked, so that nobody reaches into your network through Keyward."
              pointer="/allow_private"
              checked={values.allowPrivate}
              onChange={set('allowPrivate')}
            />
            <TextAreaField
              label="Authority of its TLS certificate (PEM)"
              optional
              mono
              pointer="/ca"
              hint="Where its key endpoint has a certificate of your own authority."
              value={values.ca}
              onChange={set('ca')}
            />
          </div>
        </details>
      )}
      <div className="sm:col-span-2">
        <TextField label="Description" optional pointer="/description" value={values.description} onChange={set('description')} />
      </div>
    </>
  )
}

/** Keys that are pasted, looked at as they are. */
function Pasted({ values, set }: Omit<IssuerFieldsProps, 'kind'>) {
  const { source } = values
  if (source !== 'jwks' && source !== 'bundle' && source !== 'certificates') return null
  const checked = checkValues(values)
  const says = (
    <span aria-live="polite" className={checked === undefined ? undefined : checked.ok ? 'text-ok' : 'text-danger'}>
      {checked?.says ?? (source === 'certificates' ? 'The authorities that sign, never a private key.' : 'Public keys alone.')}
    </span>
  )
  return (
    <div className="sm:col-span-2">
      {source === 'certificates' ? (
        <TextAreaField
          label="Certificates of the authority (PEM)"
          pointer="/keys_from/pem"
          mono
          placeholder="-----BEGIN CERTIFICATE-----"
          hint={says}
          value={values.pem}
          onChange={set('pem')}
        />
      ) : (
        <TextAreaField
          label={source === 'jwks' ? 'Its keys (JWKS)' : 'Its bundle'}
          pointer="/keys_from/keys"
          mono
          placeholder={source === 'jwks' ? '{"keys": [{"kty": "EC", "kid": "…", … }]}' : '{"keys": [{"use": "jwt-svid", "kty": "EC", … }]}'}
          hint={says}
          value={source === 'jwks' ? values.jwks : values.bundle}
          onChange={set(source)}
        />
      )}
    </div>
  )
}
