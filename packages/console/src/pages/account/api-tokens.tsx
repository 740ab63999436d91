import { limits } from '@keyward/contract/limits'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { StateBadge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { ShownOnce } from '../../components/code.tsx'
import { Dialog, DialogActions } from '../../components/dialog.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { Moment } from '../../components/moment.tsx'
import { Empty, Panel } from '../../components/page.tsx'
import { Table } from '../../components/table.tsx'

const tokensQuery = queryOptions({ queryKey: ['my-api-tokens'], queryFn: () => Promise.resolve(api.me.listApiTokens({ limit: 100 })) })

export function ApiTokens() {
  const tokens = useQuery(tokensQuery)
  const [creating, setCreating] = useState(false)
  const revoke = useAct((id: string) => api.me.revokeApiToken(id))
  return (
    <Panel
      title="API tokens"
      note="For the command line and scripts: they may do what you may."
      flush
      actions={<Button onClick={() => setCreating(true)}>Make a token</Button>}
    >
      <FailureNotice failure={revoke.failure} />
      {tokens.data?.items.length === 0 ? (
        <Empty title="No API token">
          <code>keyward login</code> makes one for some hours by itself. Scripts need one from here.
        </Empty>
      ) : (
        <Table
          label="API tokens"
          items={tokens.data?.items}
          keyOf={(token) => token.id}
          columns={[
            {
              title: 'Name',
              cell: (token) => (
                <>
                  {token.name}
                  <code className="block text-xs text-soft">{token.hint}</code>
                </>
              ),
            },
            { title: 'Last used', cell: (token) => <Moment at={token.last_used_at} />, tight: true },
            { title: 'Ends', cell: (token) => <Moment at={token.expires_at} />, tight: true },
            {
              title: 'Revoke',
              act: true,
              right: true,
              cell: (token) =>
                token.revoked_at === null ? (
                  <Button small look="plain" aria-label={`Revoke the token ${token.name}`} onClick={() => void revoke.run(token.id)}>
                    Revoke
                  </Button>
                ) : (
                  <StateBadge state="revoked" />
                ),
            },
          ]}
        />
      )}
      {creating && <TokenDialog onClose={() => setCreating(false)} />}
    </Panel>
  )
}

/** The token lives in this dialog and nowhere else. */
function TokenDialog({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [days, setDays] = useState(String(limits.apiTokenDaysDefault))
  const [token, setToken] = useState<string>()
  const create = useAct(() => api.me.createApiToken({ name, days: Number(days) }))
  return (
    <Dialog open stays onClose={onClose} title="Make an API token">
      {token === undefined ? (
        <Form
          label="Make an API token"
          failure={create.failure}
          onSubmit={async () => {
            const done = await create.run()
            if (done) setToken(done.answer.token)
          }}
        >
          <div className="grid gap-4 sm:grid-cols-[2fr_1fr]">
            <TextField label="What it is for" pointer="/name" placeholder="CLI on my laptop" value={name} onChange={setName} autoFocus />
            <TextField label="Days" type="number" min={1} max={limits.apiTokenDaysMax} pointer="/days" value={days} onChange={setDays} />
          </div>
          <DialogActions>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" pending={create.pending}>
              Make it
            </Button>
          </DialogActions>
        </Form>
      ) : (
        <>
          <ShownOnce label="Your API token" secret={token} />
          <p className="mt-3 text-sm text-soft">
            Scripts take it as <code>KEYWARD_TOKEN</code>; <code>keyward login --with-token</code> keeps it in a file that only you can
            read.
          </p>
          <DialogActions>
            <Button look="primary" onClick={onClose}>
              I have copied it
            </Button>
          </DialogActions>
        </>
      )}
    </Dialog>
  )
}
