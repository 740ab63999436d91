import type { Token, TokenLineage } from '@keyward/contract/grants'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { api } from '../../api/client.ts'

export function lineageOf(id: string) {
  return queryOptions({ queryKey: ['lineage', id], queryFn: () => api.tokens.lineage(id), refetchInterval: 10_000 })
}

/** A token, and what was exchanged from it. */
export interface TokenNode {
  readonly token: Token
  readonly children: readonly TokenNode[]
}

/**
 * The whole family of a token, from its first token down. Where the family is so large that the token is not among what is answered of it, its
 * own line and what is below it.
 */
export function useFamily(id: string): {
  readonly lineage: TokenLineage | undefined
  readonly root: TokenNode | undefined
  readonly error: Error | null
  readonly retry: () => void
} {
  const own = useQuery(lineageOf(id))
  const first = own.data?.ancestors[0]?.id
  const whole = useQuery({ ...lineageOf(first ?? id), enabled: first !== undefined })
  const found = first === undefined ? own.data : whole.data?.descendants.some((token) => token.id === id) ? whole.data : undefined
  const lineage = found ?? (first !== undefined && whole.isPending ? undefined : own.data)
  return { lineage, root: lineage && treeOf(lineage), error: own.error, retry: () => void own.refetch() }
}

/** `parent` makes a tree of the list; what has a parent that is not among them hangs on the root, so that nothing is left out of sight. */
export function treeOf({ ancestors, token, descendants }: Pick<TokenLineage, 'ancestors' | 'token' | 'descendants'>): TokenNode {
  const all = [...ancestors, token, ...descendants]
  const root = all[0] ?? token
  const known = new Set(all.map(({ id }) => id))
  const byParent = Map.groupBy(
    all.filter((one) => one.id !== root.id),
    (one) => (one.parent !== null && known.has(one.parent) && one.parent !== one.id ? one.parent : root.id),
  )
  const seen = new Set<string>()
  const node = (one: Token): TokenNode => {
    seen.add(one.id)
    const children = (byParent.get(one.id) ?? []).filter((child) => !seen.has(child.id))
    return { token: one, children: children.map(node) }
  }
  return node(root)
}

/** Everything below a node. */
export function below(node: TokenNode): readonly Token[] {
  return node.children.flatMap((child) => [child.token, ...below(child)])
}
