import type { Permission } from '@keyward/contract/permissions'
import type { ReactNode } from 'react'
import { useMay } from '../../api/me.ts'

/** For acts that would only be noise to whoever may not do them: a button in each row, a form beside a list. */
export function IfMay({
  needs,
  children,
  otherwise = null,
}: {
  readonly needs: Permission
  readonly children: ReactNode
  readonly otherwise?: ReactNode
}) {
  return useMay(needs) ? children : otherwise
}
