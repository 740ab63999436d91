import type { Revocation } from '@keyward/contract/records'
import { counted, milliseconds } from '../../format/numbers.ts'

/** What a revocation ended, here and on the other nodes, and in how long. */
export function RevocationResult({ result }: { readonly result: Revocation }) {
  const { grants, tokens, streams, versions, identities } = result.ended
  const parts = [
    [grants, 'grant'],
    [tokens, 'token'],
    [streams, 'open stream'],
    [versions, 'secret version'],
    [identities, 'identity', 'identities'],
  ] as const
  const ended = parts.filter(([number]) => number > 0)
  const deaf = result.nodes.filter((node) => !node.heard)
  return (
    <div className="grid gap-3">
      <p className="rounded-md bg-ok-tint px-3.5 py-3">
        <span className="figures text-xl font-semibold text-ok">{milliseconds(result.local_effect_ms)}</span>
        <span className="ml-2">{result.already ? 'It was revoked before: nothing more was to end.' : 'until this node refused it.'}</span>
      </p>
      {!result.already && (
        <p>
          {ended.length === 0
            ? 'Nothing was open under it.'
            : `Ended with it: ${ended.map(([number, one, many]) => counted(number, one, many)).join(', ')}.`}
        </p>
      )}
      {result.nodes.length > 0 && (
        <p>
          {counted(result.nodes.length - deaf.length, 'other node')} of {result.nodes.length} confirmed
          {result.nodes.some((node) => node.heard_after_ms !== null) &&
            `, the slowest after ${milliseconds(Math.max(...result.nodes.map((node) => node.heard_after_ms ?? 0)))}`}
          .{deaf.length > 0 && ` A node that does not hear within ${milliseconds(result.bound_ms)} refuses everything by itself.`}
        </p>
      )}
    </div>
  )
}
