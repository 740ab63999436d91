import { useState } from 'react'
import { useMay } from '../../api/me.ts'
import { Button } from '../../components/button.tsx'
import { PageFrame } from '../../components/page.tsx'
import { ConsentsTable } from './consents-table.tsx'
import { RegisteredClients } from './registered-clients.tsx'

/** Apps that people let act for them: one's own, everybody's for those who may see them, and the apps that are registered here. */
export default function ConnectedPage() {
  const maySeeAll = useMay('consent:read')
  const maySeeClients = useMay('oauth_client:read')
  const [whose, setWhose] = useState<'mine' | 'all'>('mine')
  return (
    <PageFrame
      title="Connected apps"
      lead="Editors and other programs that act for a person, as one of their agents. Each acts under one grant, and ends with it."
      actions={
        maySeeAll && (
          <fieldset aria-label="Whose" className="flex gap-1.5">
            {(['mine', 'all'] as const).map((one) => (
              <Button key={one} look={whose === one ? 'primary' : 'quiet'} aria-pressed={whose === one} onClick={() => setWhose(one)}>
                {one === 'mine' ? 'Mine' : 'Everybody’s'}
              </Button>
            ))}
          </fieldset>
        )
      }
    >
      <div className="grid gap-6">
        <ConsentsTable whose={maySeeAll ? whose : 'mine'} />
        {maySeeClients && <RegisteredClients />}
      </div>
    </PageFrame>
  )
}
