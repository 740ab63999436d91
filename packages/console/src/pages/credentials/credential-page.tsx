import type { Credential } from '@keyward/contract/credentials'
import { useState } from 'react'
import { api } from '../../api/client.ts'
import { StateBadge } from '../../components/badge.tsx'
import { Id } from '../../components/copy.tsx'
import { Detail } from '../../components/detail.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { CreateButton } from '../../components/inventory/create-button.tsx'
import { DeleteButton } from '../../components/inventory/delete-button.tsx'
import { PagedTable } from '../../components/inventory/paged-table.tsx'
import { RevokeButton } from '../../components/inventory/revoke-button.tsx'
import { WillEndCredential } from '../../components/inventory/will-end.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty, Facts, PageFrame, Panel } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { Table } from '../../components/table.tsx'
import { word } from '../../format/words.ts'
import { RecentActs } from '../audit/recent-acts.tsx'
import { Authorities } from './authorities.tsx'
import { CredentialEdit } from './credential-edit.tsx'
import { VersionForm } from './version-form.tsx'

const back = { to: '/credentials', text: 'Credentials' }

export default function CredentialPage() {
  return (
    <Detail of="credentials" what="Credential" back={back}>
      {(credential) => <Shown credential={credential} />}
    </Detail>
  )
}

function Shown({ credential }: { readonly credential: Credential }) {
  const [editing, setEditing] = useState(false)
  const revoked = credential.state === 'revoked' ? 'It is revoked: that is final.' : undefined
  const openVersions = credential.versions.filter((version) => version.ended_at === null).length
  return (
    <PageFrame
      title={credential.name}
      back={back}
      lead={
        <span className="flex flex-wrap items-center gap-2">
          <StateBadge state={credential.state} /> {word(credential.kind)} at {credential.provider}
        </span>
      }
      actions={
        <>
          <ActButton needs="credential:update" disabledReason={revoked} onClick={() => setEditing(true)}>
            Edit
          </ActButton>
          {revoked === undefined && (
            <CreateButton
              needs="credential:add_version"
              look="quiet"
              text="Store a new secret"
              description="It becomes current at once; the one before it stays as previous."
            >
              {(close) => <VersionForm id={credential.id} onClose={close} />}
            </CreateButton>
          )}
          <DeleteButton
            needs="credential:delete"
            name={credential.name}
            consequence="Its record and its secrets are deleted. Its history stays in the audit log. A credential that is in use can't be deleted."
            act={() => api.credentials.delete(credential.id, { revision: credential.revision })}
            then="/credentials"
          />
          <RevokeButton
            revoked={revoked !== undefined}
            needs="credential:revoke"
            name={credential.name}
            willEnd={<WillEndCredential id={credential.id} versions={openVersions} />}
            act={(reason) => api.credentials.revoke(credential.id, { reason })}
          />
        </>
      }
    >
      <div className="grid gap-5 lg:grid-cols-[3fr_2fr]">
        <div className="grid min-w-0 content-start gap-5">
          <Panel
            title="Secret versions"
            note="The newest current one is used. What is shown is a hint; the secret itself can't be read."
            flush
          >
            {credential.versions.length === 0 ? (
              <Empty title="No secret stored">Calls through resources that use it are refused until there is one.</Empty>
            ) : (
              <Table
                label="Secret versions"
                items={credential.versions}
                keyOf={(version) => version.id}
                columns={[
                  { title: 'Version', cell: (version) => `Version ${version.number}` },
                  { title: 'Hint', cell: (version) => <code>{version.hint}</code> },
                  { title: 'State', cell: (version) => <StateBadge state={version.state} />, tight: true },
                  { title: 'Stored', cell: (version) => <Moment at={version.created_at} />, tight: true },
                  { title: 'Ended', cell: (version) => (version.ended_at === null ? '' : <Moment at={version.ended_at} />), tight: true },
                ]}
              />
            )}
          </Panel>
          <Panel title="Used by" flush>
            <PagedTable
              bare
              list="resources"
              filters={{ credential: credential.id }}
              label="Resources that use it"
              keyOf={(resource) => resource.id}
              columns={[
                { title: 'Resource', cell: (resource) => <Reference id={resource.id} /> },
                { title: 'Upstream', cell: (resource) => <code>{resource.upstream}</code> },
              ]}
              empty={<Empty title="No resource uses it">Put it behind a resource, so that workloads can be granted its use.</Empty>}
            />
          </Panel>
          <RecentActs filters={{ credential: credential.id }} />
        </div>
        <Panel title="What is known of it" className="self-start">
          <Facts
            items={[
              ['Id', <Id key="id" id={credential.id} />],
              ['Owner', <Reference key="owner" id={credential.owner} />],
              ['Backup', <Reference key="backup" id={credential.backup_owner} none="nobody" />],
              ['Environment', credential.environment],
              ['Purpose', word(credential.purpose)],
              ['Lets a machine', <Authorities key="authority" authority={credential.authority} />],
              [
                'May be sent to',
                credential.allowed_origins.length === 0 ? 'the provider’s own addresses' : credential.allowed_origins.join(', '),
              ],
              ['Last used', <Moment key="used" at={credential.last_used_at} />],
              ['Expires', <Moment key="expires" at={credential.expires_at} none="no date set" />],
              ['Added', <Moment key="added" at={credential.created_at} />],
              ['Changed', <Moment key="changed" at={credential.updated_at} />],
              credential.revoked_at !== null && ['Revoked', <Moment key="revoked" at={credential.revoked_at} />],
              credential.description !== null && ['Description', credential.description],
            ]}
          />
        </Panel>
      </div>
      {editing && <CredentialEdit credential={credential} onClose={() => setEditing(false)} />}
    </PageFrame>
  )
}
