import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { ChoiceCards } from '../../components/form/choice-cards.tsx'
import { Form } from '../../components/form/form.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { PlainCode } from '../../components/plain-code.tsx'
import { say } from '../../components/toast.tsx'
import { IssuerFields } from './issuer-fields.tsx'
import { issuerStarts, type PresetId, startOf } from './issuer-presets.ts'
import { keysOf, startValues } from './issuer-values.ts'

/** Trusts an issuer. Choosing what it is fills in what is known of it. */
export function IssuerForm({ first, onClose }: { readonly first: PresetId; readonly onClose: () => void }) {
  const [chosen, setChosen] = useState(first)
  const { values, set, replace } = useFields(startValues(first))
  const navigate = useNavigate()
  const start = startOf(chosen)
  const create = useAct(async () =>
    api.issuers.create({
      name: values.name.trim(),
      kind: start.kind,
      preset: start.preset,
      issuer: values.issuer.trim(),
      keys_from: keysOf(values),
      allow_private: values.allowPrivate,
      attests: values.attests,
      ...(values.ca.trim() === '' ? {} : { ca: values.ca.trim() }),
      ...(values.description.trim() === '' ? {} : { description: values.description }),
    }),
  )
  return (
    <Form
      label="Trust an issuer"
      failure={create.failure}
      onSubmit={async () => {
        const done = await create.run()
        if (!done) return
        onClose()
        say(`${done.answer.name} is trusted.`)
        void navigate({ to: '/issuers/$id', params: { id: done.answer.id } })
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <div className="sm:col-span-2">
          <ChoiceCards
            label="What is it?"
            value={chosen}
            onChange={(id) => {
              setChosen(id)
              replace(startValues(id))
              create.forget()
            }}
            choices={issuerStarts.map(({ id, title, text }) => ({ value: id, title, text }))}
          />
        </div>
        <TextField label="Name" pointer="/name" hint="What people here call it." value={values.name} onChange={set('name')} />
        <TextField
          label={start.issuerLabel}
          pointer="/issuer"
          placeholder={start.issuerPlaceholder}
          hint={<PlainCode text={start.issuerHint} />}
          value={values.issuer}
          onChange={set('issuer')}
        />
        <IssuerFields kind={start.kind} values={values} set={set} />
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={create.pending}>
          Trust it
        </Button>
      </DialogActions>
    </Form>
  )
}
