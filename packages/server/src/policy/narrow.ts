import { type GrantScope, operationsToName } from '@keyward/contract/grants'

/*
 * A token may say less than its grant, never more (RFC 8693; RFC 9396). What is asked for is compared with what is granted pattern by
 * pattern: whatever the asked pattern fits, one granted pattern fits too. The gateway holds a call to both, so that a grant that shrinks
 * later takes its tokens with it.
 */

/** Why `asked` is not within `granted`; undefined where it is. */
export function whyWider(asked: GrantScope, granted: GrantScope): string | undefined {
  if ('models' in asked !== 'models' in granted) return 'it is for another kind of resource'
  if ('models' in asked && 'models' in granted) {
    const wider = asked.models.find((model) => !granted.models.some((pattern) => modelWithin(model, pattern)))
    if (wider !== undefined) return `the grant does not allow the model ${wider}`
    const operation = asked.operations?.find((one) =>
      granted.operations === undefined ? operationsToName.has(one) : !granted.operations.includes(one),
    )
    return operation === undefined ? undefined : `the grant does not allow the operation ${operation}`
  }
  if ('methods' in asked && 'methods' in granted) {
    const method = asked.methods.find((one) => !granted.methods.includes(one))
    if (method !== undefined) return `the grant does not allow the method ${method}`
    const path = asked.paths.find((one) => !granted.paths.some((pattern) => pathWithin(one, pattern)))
    return path === undefined ? undefined : `the grant does not allow the path ${path}`
  }
  return 'it is for another kind of resource'
}

/** The scope of a token: what was asked for, with what it leaves open taken from what is granted. */
export function narrowed(asked: GrantScope, granted: GrantScope): GrantScope {
  if ('models' in asked && 'models' in granted && asked.operations === undefined && granted.operations !== undefined)
    return { ...asked, operations: granted.operations }
  return asked
}

function modelWithin(asked: string, granted: string): boolean {
  if (!granted.endsWith('*')) return asked === granted
  return asked.startsWith(granted.slice(0, -1))
}

function pathWithin(asked: string, granted: string): boolean {
  const [wanted, allowed] = [asked.split('/'), granted.split('/')]
  const openEnd = allowed.at(-1) === '**'
  const fixed = openEnd ? allowed.slice(0, -1) : allowed
  if (wanted.at(-1) === '**' && !openEnd) return false
  const open = wanted.at(-1) === '**' ? wanted.slice(0, -1) : wanted
  if (openEnd ? open.length < fixed.length : open.length !== fixed.length) return false
  return fixed.every((segment, at) => (segment === '*' ? open[at] !== '' : segment === open[at]))
}
