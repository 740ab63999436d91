import type { Permission } from '@keyward/contract/permissions'
import { Plus } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Dialog } from '../dialog.tsx'
import { ActButton } from './act-button.tsx'

interface CreateButtonProps {
  readonly needs: Permission
  readonly text: string
  readonly title?: string
  readonly description?: ReactNode
  readonly wide?: boolean
  readonly look?: 'primary' | 'quiet'
  readonly children: (close: () => void) => ReactNode
}

/** Opens the form for something new. */
export function CreateButton({ needs, text, title = text, description, wide = false, look = 'primary', children }: CreateButtonProps) {
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  return (
    <>
      <ActButton needs={needs} look={look} icon={<Plus size={16} aria-hidden="true" />} data-new onClick={() => setOpen(true)}>
        {text}
      </ActButton>
      <Dialog open={open} onClose={close} title={title} description={description} wide={wide} stays>
        {open && children(close)}
      </Dialog>
    </>
  )
}
