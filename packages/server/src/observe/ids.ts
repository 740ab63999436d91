import { randomBytes } from 'node:crypto'
import { formatId, type IdKind } from '@keyward/contract/ids'

const poolBytes = 4_096
let pool = randomBytes(poolBytes)
let used = 0

/** A new id of that kind (contract/ids.ts). Random bytes are drawn in blocks: one system call for some 400 ids. */
export function newId(kind: IdKind): string {
  if (used + 10 > poolBytes) {
    pool = randomBytes(poolBytes)
    used = 0
  }
  const random = pool.subarray(used, used + 10)
  used += 10
  return formatId(kind, Date.now(), random)
}
