import { type WorkloadType, workloadTypes } from '@keyward/contract/words'
import type { Workload } from '@keyward/contract/workloads'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { Button } from '../../components/button.tsx'
import { Form } from '../../components/form/form.tsx'
import { PickField } from '../../components/form/pick-field.tsx'
import { SelectField } from '../../components/form/select-field.tsx'
import { TextField } from '../../components/form/text-field.tsx'
import { useFields } from '../../components/form/use-fields.ts'
import { word } from '../../format/words.ts'

interface WorkloadStepProps {
  readonly owner: string | undefined
  readonly environment: string
  readonly onDone: (workload: Workload) => void
}

/** Names the agent, and who answers for it. */
export function WorkloadStep({ owner, environment, onDone }: WorkloadStepProps) {
  const { values, set } = useFields({ name: '', type: 'agent' as WorkloadType, owner })
  const create = useAct(() => api.workloads.create({ name: values.name, type: values.type, owner: values.owner ?? '', environment }))
  return (
    <Form
      label="Add a workload"
      failure={create.failure}
      onSubmit={async () => {
        const done = await create.run()
        if (done) onDone(done.answer)
      }}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <TextField
          label="Name of the agent"
          pointer="/name"
          placeholder="support-agent"
          value={values.name}
          onChange={set('name')}
          autoFocus
        />
        <SelectField
          label="What it is"
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
      </div>
      <Button type="submit" look="primary" pending={create.pending} className="mt-5">
        Add the workload
      </Button>
    </Form>
  )
}
