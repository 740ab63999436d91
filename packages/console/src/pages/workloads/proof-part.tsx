import type { Issuer } from '@keyward/contract/issuers'
import type { ReactNode } from 'react'
import { Go } from '../../app/go.tsx'
import { ListField } from '../../components/form/list-field.tsx'
import { SelectField } from '../../components/form/select-field.tsx'
import { TextAreaField, TextField } from '../../components/form/text-field.tsx'
import { PlainCode } from '../../components/plain-code.tsx'
import { type CheckedKeys, checkJwks, checkPem } from '../issuers/check-keys.ts'
import { type IdentityValues, subjectKinds } from './identity-values.ts'
import { issuerKindOf } from './methods.ts'
import { RulePart } from './rule-part.tsx'

interface ProofPartProps {
  readonly workload: string
  readonly values: IdentityValues
  readonly issuers: readonly Issuer[]
  readonly set: <Key extends keyof IdentityValues>(key: Key) => (value: IdentityValues[Key]) => void
}

/** What the chosen method asks for. */
export function ProofPart({ workload, values, issuers, set }: ProofPartProps) {
  const { method } = values
  const kind = issuerKindOf[method]
  const fitting = issuers.filter((one) => one.kind === kind && one.state === 'active')
  const issuer = fitting.find((one) => one.id === values.issuer)
  if (kind !== undefined && fitting.length === 0)
    return (
      <p className="rounded-md bg-sunken px-3.5 py-3 text-sm">
        {noIssuer[kind]} <Go to="/issuers">Trust one first</Go>.
      </p>
    )
  return (
    <div className="grid gap-4">
      {kind !== undefined && (
        <SelectField
          label={kind === 'oidc' ? 'Who signs for it' : kind === 'spiffe' ? 'Trust domain' : 'Authority'}
          pointer="/issuer"
          value={values.issuer}
          onChange={set('issuer')}
          choices={[
            ...(issuer ? [] : [{ value: '', text: 'Choose …' }]),
            ...fitting.map((one) => ({ value: one.id, text: `${one.name} (${one.issuer})` })),
          ]}
        />
      )}
      {method === 'oidc' && issuer && (
        <RulePart issuer={issuer} rows={values.rows} singleUse={values.singleUse} onRows={set('rows')} onSingleUse={set('singleUse')} />
      )}
      {(method === 'spiffe_jwt' || method === 'spiffe_x509') && issuer && (
        <TextField
          label="SPIFFE ID"
          pointer="/spiffe_id"
          placeholder={`spiffe://${issuer.issuer}/ns/prod/agent`}
          hint={
            values.spiffeId.trim().endsWith('/*') ? (
              <span className="text-brass">
                Whatever is registered there fits, now and later: name the one that is meant, if there is one.
              </span>
            ) : (
              'Whole. A star as its last segment stands for one segment.'
            )
          }
          value={values.spiffeId}
          onChange={set('spiffeId')}
        />
      )}
      {method === 'tls_client_auth' && issuer && (
        <div className="grid gap-4 sm:grid-cols-[2fr_3fr]">
          <SelectField
            label="Its certificate names"
            value={values.subjectKind}
            onChange={set('subjectKind')}
            choices={subjectKinds.map((value) => ({ value, text: subjectWords[value][0] }))}
          />
          <TextField
            label="Name in the certificate"
            pointer={`/${values.subjectKind}`}
            placeholder={subjectWords[values.subjectKind][1]}
            hint="Compared whole."
            value={values.subject}
            onChange={set('subject')}
          />
        </div>
      )}
      {method === 'self_signed_tls_client_auth' && (
        <TextAreaField
          label="Its certificate (PEM)"
          pointer="/certificate"
          mono
          placeholder="-----BEGIN CERTIFICATE-----"
          hint={lookedAt(values.certificate, checkPem, 'Only this one counts, until it ends. Never the private key.')}
          value={values.certificate}
          onChange={set('certificate')}
        />
      )}
      {method === 'private_key_jwt' && (
        <TextAreaField
          label="Public key (JWK)"
          pointer="/jwk"
          mono
          placeholder={'{"kty":"EC","crv":"P-256","x":"…","y":"…"}'}
          hint={lookedAt(
            values.jwk,
            checkJwks,
            <>
              Better: <code>keyward workload enroll {workload}</code> on its own machine makes the key and adds it here.
            </>,
          )}
          value={values.jwk}
          onChange={set('jwk')}
        />
      )}
      {method === 'client_secret_basic' && (
        <>
          <p role="note" className="rounded-md border border-brass bg-brass-tint px-3.5 py-2.5 text-sm">
            <b className="font-semibold text-brass">A shared secret.</b> It can be copied and used from anywhere, and Keyward can’t tell.
            Its tokens count as the weakest, and grants may refuse them.
          </p>
          <TextField
            label="Expires"
            optional
            type="datetime-local"
            pointer="/expires_at"
            hint="Set one: a secret that never ends is found one day."
            value={values.expires}
            onChange={set('expires')}
          />
        </>
      )}
      {(method === 'oidc' || method === 'spiffe_jwt') && issuer && (
        <ListField
          label="Audiences"
          optional
          pointer="/audiences"
          placeholder={window.location.origin}
          hint={<PlainCode text="The `aud` that its tokens must have. Left empty: the address of this Keyward, which is best." />}
          values={values.audiences}
          onChange={set('audiences')}
        />
      )}
    </div>
  )
}

const noIssuer: Readonly<Record<Issuer['kind'], string>> = {
  oidc: 'Nobody is trusted to sign for workloads yet.',
  spiffe: 'No SPIFFE trust domain is trusted yet.',
  x509: 'No certificate authority is trusted yet.',
}

const subjectWords: Readonly<Record<(typeof subjectKinds)[number], readonly [text: string, example: string]>> = {
  san_dns: ['a host (SAN DNS)', 'agent.acme.example'],
  san_uri: ['an address (SAN URI)', 'urn:acme:agent:17'],
  san_email: ['an e-mail address (SAN)', 'agent@acme.example'],
  san_ip: ['an IP address (SAN)', '10.4.0.17'],
  subject_dn: ['a subject (RFC 4514)', 'CN=agent,OU=ml,O=Acme'],
}

function lookedAt(text: string, check: (text: string) => CheckedKeys, otherwise: ReactNode): ReactNode {
  if (text.trim() === '') return otherwise
  const checked = check(text)
  return (
    <span aria-live="polite" className={checked.ok ? 'text-ok' : 'text-danger'}>
      {checked.says}
    </span>
  )
}
