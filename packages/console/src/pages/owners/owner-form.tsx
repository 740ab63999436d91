import { type OwnerKind, ownerKinds } from '@keyward/contract/words'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { Form } from '../../components/form/form.tsx'
import { PickField } from '../../components/form/pick-field.tsx'
import { SelectField } from '../../components/form/select-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { say } from '../../components/toast.tsx'
import { word } from '../../format/words.ts'

export function OwnerForm({ onClose }: { readonly onClose: () => void }) {
  const { values, set } = useFields({
    kind: 'team' as OwnerKind,
    name: '',
    contact: '',
    backup: undefined as string | undefined,
    team: undefined as string | undefined,
  })
  const create = useAct(() =>
    api.owners.create({
      kind: values.kind,
      name: values.name,
      contact: values.contact,
      ...(values.backup === undefined ? {} : { backup: values.backup }),
      ...(values.kind === 'person' && values.team !== undefined ? { team: values.team } : {}),
    }),
  )
  return (
    <Form
      label="Add an owner"
      failure={create.failure}
      onSubmit={async () => {
        if (!(await create.run())) return
        say(`${values.name} is added.`)
        onClose()
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <SelectField
          label="Kind"
          value={values.kind}
          onChange={set('kind')}
          choices={ownerKinds.map((value) => ({ value, text: word(value) }))}
        />
        <TextField label="Name" pointer="/name" value={values.name} onChange={set('name')} autoFocus />
        <TextField
          label="Contact"
          pointer="/contact"
          hint="Where to reach them: an e-mail address, a channel, a pager."
          placeholder="platform@example.com"
          value={values.contact}
          onChange={set('contact')}
        />
        <PickField
          label="Backup"
          optional
          pointer="/backup"
          from="owners"
          hint="Who answers when they can't."
          value={values.backup}
          onChange={set('backup')}
        />
        {values.kind === 'person' && (
          <PickField label="Team" optional pointer="/team" from="teams" value={values.team} onChange={set('team')} />
        )}
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={create.pending}>
          Add the owner
        </Button>
      </DialogActions>
    </Form>
  )
}
