import { Link } from '@tanstack/react-router'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useMay } from '../../api/me.ts'
import { StateBadge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { ListPage } from '../../components/inventory/list-page.tsx'
import { Empty } from '../../components/page.tsx'
import { counted } from '../../format/numbers.ts'
import { word } from '../../format/words.ts'
import { IssuerForm } from './issuer-form.tsx'
import { issuerStarts, kindWord, type PresetId } from './issuer-presets.ts'

export default function IssuersPage() {
  const [adding, setAdding] = useState<PresetId>()
  const mayCreate = useMay('issuer:create')
  return (
    <>
      <ListPage
        list="issuers"
        title="Issuers"
        lead="Who may vouch for workloads: a platform, a SPIFFE trust domain or an authority whose word counts here."
        filters={[
          { key: 'kind', label: 'Kind', choices: ['oidc', 'spiffe', 'x509'].map((value) => ({ value, text: kindWord(value) })) },
          { key: 'state', label: 'State', choices: ['active', 'revoked'].map((value) => ({ value, text: word(value) })) },
        ]}
        actions={
          mayCreate && (
            <Button look="primary" icon={<Plus size={16} aria-hidden="true" />} data-new onClick={() => setAdding('github')}>
              Trust an issuer
            </Button>
          )
        }
        keyOf={(issuer) => issuer.id}
        columns={[
          {
            title: 'Name',
            cell: (issuer) => (
              <Link to="/issuers/$id" params={{ id: issuer.id }} className="font-semibold text-ink no-underline hover:underline">
                {issuer.name}
              </Link>
            ),
          },
          { title: 'Kind', cell: (issuer) => (issuer.preset === 'generic' ? kindWord(issuer.kind) : word(issuer.preset)) },
          { title: 'Issuer', cell: (issuer) => <code className="text-xs break-all">{issuer.issuer}</code> },
          {
            title: 'Trust rules',
            cell: (issuer) => (issuer.identities === 0 ? <span className="text-soft">none</span> : counted(issuer.identities, 'rule')),
            tight: true,
          },
          { title: 'State', cell: (issuer) => <StateBadge state={issuer.state} />, tight: true },
        ]}
        empty={
          <Empty title="Nobody vouches for workloads yet">
            <p>
              An issuer signs who a workload is, so that it needs no secret: GitHub for its jobs, a cluster for its pods. Trust one, then
              pin a workload to what it says.
            </p>
            {mayCreate ? (
              <ul className="mt-5 grid gap-2 text-left sm:grid-cols-2">
                {issuerStarts.map(({ id, title, text }) => (
                  <li key={id}>
                    <button
                      type="button"
                      className="h-full w-full rounded-md border border-line bg-raised px-3 py-2 text-left text-ink hover:border-accent"
                      onClick={() => setAdding(id)}
                    >
                      <span className="block font-medium">{title}</span>
                      <span className="block text-xs text-soft">{text}</span>
                    </button>
                  </li>
                ))}
              </ul>
            ) : (
              <p className="mt-2">An admin can trust one.</p>
            )}
          </Empty>
        }
      />
      <Dialog
        open={adding !== undefined}
        onClose={() => setAdding(undefined)}
        title="Trust an issuer"
        description="By itself that lets nobody in: a workload’s trust rule has to say whom."
        wide
        stays
      >
        {adding && <IssuerForm first={adding} onClose={() => setAdding(undefined)} />}
      </Dialog>
    </>
  )
}
