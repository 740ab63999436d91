import { type WorkloadType, workloadTypes } from '@keyward/contract/words'
import { useNavigate } from '@tanstack/react-router'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { DialogActions } from '../../components/dialog.tsx'
import { EnvironmentField } from '../../components/form/environment-field.tsx'
import { Form } from '../../components/form/form.tsx'
import { PickField } from '../../components/form/pick-field.tsx'
import { SelectField } from '../../components/form/select-field.tsx'
import { TextAreaField, TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { say } from '../../components/toast.tsx'
import { word } from '../../format/words.ts'

const initial = {
  name: '',
  type: 'agent' as WorkloadType,
  environment: 'production',
  owner: undefined as string | undefined,
  backup: undefined as string | undefined,
  description: '',
}

export function WorkloadForm({ onClose }: { readonly onClose: () => void }) {
  const { values, set } = useFields(initial)
  const navigate = useNavigate()
  const create = useAct(() =>
    api.workloads.create({
      name: values.name,
      type: values.type,
      environment: values.environment,
      owner: values.owner ?? '',
      ...(values.backup === undefined ? {} : { backup_owner: values.backup }),
      ...(values.description.trim() === '' ? {} : { description: values.description }),
    }),
  )
  return (
    <Form
      label="Add a workload"
      failure={create.failure}
      onSubmit={async () => {
        const done = await create.run()
        if (!done) return
        onClose()
        say('The workload is added.')
        void navigate({ to: '/workloads/$id', params: { id: done.answer.id } })
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField label="Name" pointer="/name" placeholder="support-agent" value={values.name} onChange={set('name')} autoFocus />
        <SelectField
          label="Type"
          pointer="/type"
          value={values.type}
          onChange={set('type')}
          choices={workloadTypes.map((value) => ({ value, text: word(value) }))}
        />
        <PickField
          label="Owner"
          pointer="/owner"
          from="owners"
          hint="Who answers for what it does."
          value={values.owner}
          onChange={set('owner')}
        />
        <PickField label="Backup" optional pointer="/backup_owner" from="owners" value={values.backup} onChange={set('backup')} />
        <EnvironmentField
          value={values.environment}
          onChange={set('environment')}
          hint="Chooses its credentials; can't be changed later."
        />
        <div className="sm:col-span-2">
          <TextAreaField label="Description" optional pointer="/description" value={values.description} onChange={set('description')} />
        </div>
      </div>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button type="submit" look="primary" pending={create.pending}>
          Add the workload
        </Button>
      </DialogActions>
    </Form>
  )
}
