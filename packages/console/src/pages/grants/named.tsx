import { Reference } from '../../components/reference.tsx'
import { GrantName } from './grant-name.tsx'

/** What any id names, grants among them, as a link. */
export function Named({ id }: { readonly id: string }) {
  return id.startsWith('grt_') ? <GrantName id={id} /> : <Reference id={id} />
}
