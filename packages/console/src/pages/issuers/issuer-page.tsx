import type { Issuer, IssuerUpdate } from '@keyward/contract/issuers'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { LocalError } from '../../api/failure.ts'
import { Badge, StateBadge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { Id } from '../../components/copy.tsx'
import { Detail } from '../../components/detail.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { DeleteButton } from '../../components/inventory/delete-button.tsx'
import { EditDialog } from '../../components/inventory/edit-dialog.tsx'
import { IfMay } from '../../components/inventory/if-may.tsx'
import { RevokeButton } from '../../components/inventory/revoke-button.tsx'
import { Moment } from '../../components/moment.tsx'
import { Facts, PageFrame, Panel } from '../../components/page.tsx'
import { counted } from '../../format/numbers.ts'
import { word } from '../../format/words.ts'
import { IssuerFields } from './issuer-fields.tsx'
import { kindWord } from './issuer-presets.ts'
import { IssuerRules, WillEndRules } from './issuer-rules.tsx'
import { issuerValues, keysOrWhyNot } from './issuer-values.ts'
import { Tryout } from './tryout.tsx'

const back = { to: '/issuers', text: 'Issuers' }

export default function IssuerPage() {
  return (
    <Detail of="issuers" what="Issuer" back={back}>
      {(issuer) => <Shown issuer={issuer} />}
    </Detail>
  )
}

function Shown({ issuer }: { readonly issuer: Issuer }) {
  const [editing, setEditing] = useState(false)
  const revoked = issuer.state === 'revoked'
  return (
    <PageFrame
      title={issuer.name}
      back={back}
      lead={
        <span className="flex flex-wrap items-center gap-2">
          <StateBadge state={issuer.state} /> {issuer.preset === 'generic' ? kindWord(issuer.kind) : word(issuer.preset)}
          {issuer.attests && <Badge tone="accent">attests</Badge>}
        </span>
      }
      actions={
        <>
          {!revoked && (
            <IfMay needs="issuer:update">
              <Button onClick={() => setEditing(true)}>Edit</Button>
            </IfMay>
          )}
          <IfMay needs="issuer:delete">
            <DeleteButton
              needs="issuer:delete"
              name={issuer.name}
              consequence="Only an issuer on which no trust rule relies can be deleted. Its history stays in the audit log."
              act={() => api.issuers.delete(issuer.id, { revision: issuer.revision })}
              then="/issuers"
            />
          </IfMay>
          <IfMay needs="issuer:revoke">
            <RevokeButton
              revoked={revoked}
              needs="issuer:revoke"
              name={issuer.name}
              willEnd={<WillEndRules issuer={issuer} />}
              act={(reason) => api.issuers.revoke(issuer.id, { reason })}
            />
          </IfMay>
        </>
      }
    >
      <div className="grid gap-5 lg:grid-cols-[3fr_2fr]">
        <div className="grid min-w-0 content-start gap-5">
          <IssuerRules issuer={issuer} />
          {!revoked && issuer.kind !== 'x509' && <Tryout issuer={issuer.id} />}
        </div>
        <Panel title="What is known of it" className="self-start">
          <Facts
            items={[
              ['Id', <Id key="id" id={issuer.id} />],
              [
                issuer.kind === 'spiffe' ? 'Trust domain' : 'Issuer',
                <code key="issuer" className="text-sm break-all">
                  {issuer.issuer}
                </code>,
              ],
              ['Keys', <Keys key="keys" issuer={issuer} />],
              ['Private address', issuer.allow_private ? 'may be asked for keys' : 'never asked'],
              issuer.ca !== null && ['TLS authority', 'one of your own'],
              issuer.kind !== 'oidc' && ['Attestation', issuer.attests ? 'it attests what runs where' : 'none claimed'],
              ['Added', <Moment key="added" at={issuer.created_at} />],
              ['Changed', <Moment key="changed" at={issuer.updated_at} />],
              issuer.revoked_at !== null && ['Revoked', <Moment key="revoked" at={issuer.revoked_at} />],
              issuer.description !== null && ['Description', issuer.description],
            ]}
          />
        </Panel>
      </div>
      {editing && <IssuerEdit issuer={issuer} onClose={() => setEditing(false)} />}
    </PageFrame>
  )
}

function Keys({ issuer }: { readonly issuer: Issuer }) {
  const { keys_from: from } = issuer
  switch (from.type) {
    case 'discovery':
      return <>fetched, by its discovery document</>
    case 'jwks_uri':
    case 'bundle_url':
      return (
        <>
          fetched from <code className="text-sm break-all">{from.url}</code>
        </>
      )
    case 'certificates':
      return <>{counted(from.pem.split('-----BEGIN CERTIFICATE-----').length - 1, 'certificate')}, pasted</>
    default:
      return <>{counted(from.keys.length, 'key')}, pasted</>
  }
}

function IssuerEdit({ issuer, onClose }: { readonly issuer: Issuer; readonly onClose: () => void }) {
  const text = (value: string) => (value.trim() === '' ? null : value.trim())
  return (
    <EditDialog
      item={issuer}
      title={`Edit ${issuer.name}`}
      wide
      onClose={onClose}
      valuesOf={issuerValues}
      bodyOf={(values) => ({
        name: values.name.trim(),
        keys_from: keysOrWhyNot(values),
        allow_private: values.allowPrivate,
        attests: values.attests,
        ca: text(values.ca),
        description: text(values.description),
      })}
      save={async (changes, revision) => {
        if (changes.keys_from instanceof LocalError) throw changes.keys_from
        return await api.issuers.update(issuer.id, changes as IssuerUpdate, { revision })
      }}
      reload={() => api.issuers.show(issuer.id)}
    >
      {(values, set) => (
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField label="Name" pointer="/name" value={values.name} onChange={set('name')} />
          <IssuerFields kind={issuer.kind} values={values} set={set} />
        </div>
      )}
    </EditDialog>
  )
}
