import type { Permission } from '@keyward/contract/permissions'
import type { ReactNode } from 'react'
import { useMe } from '../../api/me.ts'
import { Button, type ButtonProps } from '../button.tsx'

interface ActButtonProps extends ButtonProps {
  readonly needs: Permission
  readonly children: ReactNode
}

/** A button for an act that not every role may do: whoever may not sees it, and why. */
export function ActButton({ needs, children, disabledReason, ...rest }: ActButtonProps) {
  const me = useMe()
  const may = me?.allowed.includes(needs) ?? false
  const roles = [...new Set(me?.user.roles.map(({ role }) => role))].join(', ')
  return (
    <Button {...rest} disabledReason={may ? disabledReason : `Your role (${roles}) does not allow this: ask an admin.`}>
      {children}
    </Button>
  )
}
