import { type ReactNode, useState } from 'react'
import { useAct } from '../../api/act.ts'
import { Button } from '../button.tsx'
import { Dialog, DialogActions } from '../dialog.tsx'
import { Form } from '../form/form.tsx'
import { useFields } from '../form/use-fields.ts'
import { say } from '../toast.tsx'
import { type Conflict, ConflictNotice } from './conflict.tsx'

type Body = Readonly<Record<string, unknown>>
type Setter<Values> = <Key extends keyof Values>(key: Key) => (value: Values[Key]) => void

interface EditProps<Item extends { readonly revision: number }, Values extends object> {
  readonly item: Item
  readonly title: string
  readonly valuesOf: (item: Item) => Values
  /** What the API is sent: only members that changed are. */
  readonly bodyOf: (values: Values) => Body
  readonly save: (changes: Body, revision: number) => Promise<unknown>
  readonly reload: () => Promise<Item>
  readonly wide?: boolean
  readonly onClose: () => void
  readonly children: (values: Values, set: Setter<Values>) => ReactNode
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)
const changesFrom = (before: Body, after: Body): Body =>
  Object.fromEntries(Object.entries(after).filter(([key, value]) => !same(before[key], value)))

/**
 * Changes something. Sent with the revision that was read: where somebody else changed it meanwhile, both changes are laid side by side, and the person
 * decides; what only one of them touched is kept by itself, for only changed members are sent.
 */
export function EditDialog<Item extends { readonly revision: number }, Values extends object>(props: EditProps<Item, Values>) {
  const { title, valuesOf, bodyOf, save, reload, wide = false, onClose, children } = props
  const [base, setBase] = useState(props.item)
  const { values, set, replace } = useFields(valuesOf(base))
  const [conflict, setConflict] = useState<Conflict>()
  const changes = changesFrom(bodyOf(valuesOf(base)), bodyOf(values))
  const update = useAct(save)
  const readAgain = useAct(async () => {
    const newest = await reload()
    const theirs = changesFrom(bodyOf(valuesOf(base)), bodyOf(valuesOf(newest)))
    return { newest, theirs }
  })
  const submit = async () => {
    if (Object.keys(changes).length === 0) return onClose()
    const done = await update.run(changes, base.revision)
    if (!done) return
    say('Saved.')
    onClose()
  }
  const isConflict = update.failure?.code === 'precondition-failed'
  return (
    <Dialog open stays onClose={onClose} title={title} wide={wide}>
      <Form label={title} failure={isConflict ? undefined : update.failure} onSubmit={() => void submit()}>
        {isConflict && conflict === undefined && (
          <ConflictNotice
            pending={readAgain.pending}
            onLook={async () => {
              const done = await readAgain.run()
              if (!done) return
              const { newest, theirs } = done.answer
              const both = Object.keys(theirs).filter((key) => key in changes)
              setConflict({ theirs, mine: changes, both })
              // Mine on top of what is there now; fields that only they touched take their value.
              replace({ ...valuesOf(newest), ...pick(values, valuesOf(base)) })
              setBase(newest)
              update.forget()
            }}
          />
        )}
        {conflict && <ConflictNotice conflict={conflict} pending={false} />}
        <div className="grid gap-4">{children(values, set)}</div>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" pending={update.pending}>
            {conflict ? 'Save mine over it' : 'Save'}
          </Button>
        </DialogActions>
      </Form>
    </Dialog>
  )
}

/** The values that were changed in the form. */
function pick<Values extends object>(values: Values, before: Values): Partial<Values> {
  return Object.fromEntries(Object.entries(values).filter(([key, value]) => !same(value, before[key as keyof Values]))) as Partial<Values>
}
