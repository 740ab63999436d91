import type { Workload } from '@keyward/contract/workloads'
import { useNavigate } from '@tanstack/react-router'
import { useId, useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { useMay } from '../../api/me.ts'
import { Button } from '../../components/button.tsx'
import { ShownOnce } from '../../components/code.tsx'
import { Detail } from '../../components/detail.tsx'
import { ChoiceCards } from '../../components/form/choice-cards.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { Empty, PageFrame, Panel } from '../../components/page.tsx'
import { say } from '../../components/toast.tsx'
import { Tryout } from '../issuers/tryout.tsx'
import { Assessment } from './assessment.tsx'
import { claimsOf } from './claim-rows.ts'
import { IdentityGrants } from './identity-grants.tsx'
import { draftOf, emptyIdentity, identityBody, onlyIssuer } from './identity-values.ts'
import { issuerKindOf, methodChoices } from './methods.ts'
import { useIssuers } from './pinned.tsx'
import { ProofPart } from './proof-part.tsx'

export default function IdentityPage() {
  return (
    <Detail of="workloads" what="Add an identity" back={{ to: '/workloads', text: 'Workloads' }}>
      {(workload) => <Shown workload={workload} />}
    </Detail>
  )
}

function Shown({ workload }: { readonly workload: Workload }) {
  const may = useMay('workload:add_identity')
  const [secret, setSecret] = useState<string>()
  const back = { to: `/workloads/${workload.id}`, text: workload.name }
  const revoked = workload.state === 'revoked'
  return (
    <PageFrame
      title="Add an identity"
      back={back}
      lead={`How ${workload.name} proves who it is. Whatever proves itself so gets tokens under its grants.`}
    >
      {secret !== undefined ? (
        <Secret workload={workload} secret={secret} />
      ) : !may || revoked ? (
        <Panel>
          <Empty title={revoked ? 'The workload is revoked' : 'Your role does not allow this'}>
            {revoked ? 'That is final: add a new workload.' : 'Ask an admin for a role that does.'}
          </Empty>
        </Panel>
      ) : (
        <Editor workload={workload} onSecret={setSecret} />
      )}
    </PageFrame>
  )
}

function Editor({ workload, onSecret }: { readonly workload: Workload; readonly onSecret: (secret: string) => void }) {
  const { issuers, pending } = useIssuers()
  const { values: written, set, replace } = useFields(emptyIdentity)
  const navigate = useNavigate()
  const formId = useId()
  // Where there is only one issuer of the kind, it is the one.
  const values = written.issuer === '' ? { ...written, issuer: onlyIssuer(issuers, issuerKindOf[written.method]) } : written
  const issuer = issuers.find((one) => one.id === values.issuer)
  const add = useAct(async () => await api.workloads.addIdentity(workload.id, identityBody(values)))
  const isRule = values.method === 'oidc' || values.method === 'spiffe_jwt'
  return (
    <div className="grid gap-5 lg:grid-cols-[3fr_2fr] lg:grid-rows-[auto_1fr]">
      <Form
        label="Add an identity"
        id={formId}
        failure={add.failure}
        onSubmit={async () => {
          const done = await add.run()
          if (!done) return
          if (done.answer.client_secret !== undefined) return onSecret(done.answer.client_secret)
          say('The identity is added.')
          void navigate({ to: '/workloads/$id', params: { id: workload.id } })
        }}
      >
        <div className="grid gap-5">
          <Panel title="How it proves itself" note="The strongest first.">
            <ChoiceCards
              label="Method"
              columns="one"
              value={values.method}
              choices={methodChoices}
              onChange={(method) => {
                replace((before) => ({ ...before, method, issuer: '' }))
                add.forget()
              }}
            />
          </Panel>
          <Panel title="Who it is">
            {pending ? null : <ProofPart workload={workload.id} values={values} issuers={issuers} set={set} />}
          </Panel>
          <Panel title="What it may use">
            <div className="grid gap-4">
              <IdentityGrants workload={workload.id} value={values.grants} onChange={set('grants')} />
              <TextField label="Name" optional pointer="/name" placeholder="deploy job" value={values.name} onChange={set('name')} />
            </div>
          </Panel>
        </div>
      </Form>
      {isRule && issuer && (
        <div className="grid content-start gap-5 self-start lg:sticky lg:top-5 lg:col-start-2 lg:row-span-2 lg:row-start-1">
          {values.method === 'oidc' && <Assessment issuer={issuer.id} preset={issuer.preset} claims={claimsOf(values.rows)} />}
          <Tryout issuer={issuer.id} draft={() => draftOf(values)} />
        </div>
      )}
      <div className="flex flex-wrap content-start justify-end gap-2.5">
        <Button onClick={() => void navigate({ to: '/workloads/$id', params: { id: workload.id } })}>Cancel</Button>
        <Button
          type="submit"
          form={formId}
          look="primary"
          pending={add.pending}
          disabledReason={issuerKindOf[values.method] !== undefined && issuer === undefined ? 'Choose an issuer first.' : undefined}
        >
          Add the identity
        </Button>
      </div>
    </div>
  )
}

/** A client secret is shown once, here, and gone with the page. */
function Secret({ workload, secret }: { readonly workload: Workload; readonly secret: string }) {
  const navigate = useNavigate()
  return (
    <Panel title="Its client secret">
      <ShownOnce label="The client secret" secret={secret} />
      <p className="mt-3 text-sm text-soft">
        The workload is its own client id: <code>{workload.id}</code>. It gets tokens from{' '}
        <code className="break-all">{window.location.origin}/oauth2/token</code>.
      </p>
      <div className="mt-4">
        <Button look="primary" onClick={() => void navigate({ to: '/workloads/$id', params: { id: workload.id } })}>
          I have copied it
        </Button>
      </div>
    </Panel>
  )
}
