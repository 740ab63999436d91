import type { Permission } from '@keyward/contract/permissions'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useAct } from '../../api/act.ts'
import { cache } from '../../api/cache.ts'
import { Button } from '../button.tsx'
import { Dialog, DialogActions } from '../dialog.tsx'
import { FailureNotice } from '../failure-notice.tsx'
import { say } from '../toast.tsx'
import { ActButton } from './act-button.tsx'

interface DeleteButtonProps {
  readonly needs: Permission
  readonly name: string
  readonly consequence: ReactNode
  readonly act: () => Promise<unknown>
  /** Where to go when it is gone; nowhere in a list. */
  readonly then?: string
  readonly text?: string
  readonly small?: boolean
}

/** Deletes after a question. What is still in use says by whom, as links. */
export function DeleteButton({ needs, name, consequence, act, then, text = 'Delete', small = false }: DeleteButtonProps) {
  const [open, setOpen] = useState(false)
  const navigate = useNavigate()
  const remove = useAct(act)
  const close = () => {
    setOpen(false)
    remove.forget()
  }
  return (
    <>
      <ActButton
        needs={needs}
        small={small}
        look={small ? 'plain' : 'quiet'}
        onClick={() => setOpen(true)}
        aria-label={small ? `${text} ${name}` : undefined}
      >
        {text}
      </ActButton>
      <Dialog open={open} onClose={close} title={`${text} ${name}?`}>
        <div className="grid gap-4">
          <div>{consequence}</div>
          <FailureNotice failure={remove.failure} />
        </div>
        <DialogActions>
          <Button onClick={close}>Keep it</Button>
          <Button
            look="danger"
            pending={remove.pending}
            onClick={async () => {
              const done = await remove.run()
              if (!done) return
              close()
              say(`${name} is gone.`)
              if (then !== undefined) {
                await navigate({ to: then as '/' })
                cache.removeQueries({ predicate: (query) => query.queryKey[0] === 'one' && query.getObserversCount() === 0 })
              }
            }}
          >
            {text}
          </Button>
        </DialogActions>
      </Dialog>
    </>
  )
}
