import { Amount } from '../../components/amount.tsx'
import { Id } from '../../components/copy.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Facts } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { actorName, refusal } from '../../format/audit.ts'
import { count, milliseconds } from '../../format/numbers.ts'
import { exact } from '../../format/time.ts'
import { word } from '../../format/words.ts'
import { GrantName } from '../grants/grant-name.tsx'
import type { Call } from './call.ts'
import { Decision } from './decision.tsx'

/** One call with the whole chain: who, by which token, under which grant, with which credential, at what. */
export function CallDrawer({ call, onClose }: { readonly call: Call | undefined; readonly onClose: () => void }) {
  return (
    <Dialog
      open={call !== undefined}
      onClose={onClose}
      place="side"
      title={call?.model ?? call?.operation ?? 'Call'}
      description={call && exact(call.at)}
    >
      {call && <Details call={call} />}
    </Dialog>
  )
}

function Details({ call }: { readonly call: Call }) {
  const why = call.code === null ? undefined : refusal(call.code)
  const { entry, usage } = call
  const credential = entry?.credential ?? usage?.credential ?? null
  const version = entry?.version ?? usage?.version ?? null
  const tenant = entry?.tenant ?? usage?.tenant ?? null
  return (
    <div className="grid gap-6">
      {call.refused && (
        <div className="rounded-md bg-danger-tint px-3.5 py-3">
          <p className="font-medium text-danger">{why?.message ?? 'Refused'}</p>
          <p className="mt-0.5 text-sm">{why?.fix}</p>
        </div>
      )}
      <section>
        <h3 className="label mb-2">Who acted</h3>
        <ol className="grid border-l-2 border-accent/40 pl-4 [&>li]:relative [&>li]:py-1 [&>li]:before:absolute [&>li]:before:top-3 [&>li]:before:-left-[1.3rem] [&>li]:before:size-2 [&>li]:before:rounded-full [&>li]:before:bg-accent">
          {entry?.on_behalf_of != null && (
            <li>
              <ChainStep name="On behalf of" /> <Reference id={entry.on_behalf_of} />
            </li>
          )}
          <li>
            <ChainStep name="Workload" />{' '}
            {call.workload === null ? entry ? actorName(entry) : 'nobody known' : <Reference id={call.workload} />}
          </li>
          {entry?.token != null && (
            <li>
              <ChainStep name="Token" /> <Id id={entry.token} />
            </li>
          )}
          {call.grant !== null && (
            <li>
              <ChainStep name="Grant" /> <GrantName id={call.grant} />
            </li>
          )}
          {call.resource !== null && (
            <li>
              <ChainStep name="Resource" /> <Reference id={call.resource} />
            </li>
          )}
          {credential !== null && (
            <li>
              <ChainStep name="Credential" /> <Reference id={credential} /> {version !== null && <Id id={version} />}
            </li>
          )}
        </ol>
      </section>
      <Facts
        items={[
          ['Decision', <Decision key="decision" call={call} />],
          call.outcome !== null && ['Outcome', word(call.outcome)],
          call.operation !== null && ['Operation', `${call.operation}${usage?.streamed ? ', streamed' : ''}`],
          call.model !== null && ['Model', call.model],
          call.latencyMs !== null && ['Took', milliseconds(call.latencyMs)],
          call.firstByteMs !== null && ['First byte after', milliseconds(call.firstByteMs)],
          call.overheadMs !== null && ['Added by Keyward', milliseconds(call.overheadMs)],
          call.inputTokens !== null && ['Input tokens', count(call.inputTokens)],
          usage?.cached_input_tokens != null && usage.cached_input_tokens > 0 && ['of them cached', count(usage.cached_input_tokens)],
          call.outputTokens !== null && ['Output tokens', count(call.outputTokens)],
          !call.refused && call.outcome !== null && ['Cost', <Amount key="cost" usd={call.costUsd} estimated={call.estimated} />],
          tenant !== null && ['Tenant', <Reference key="tenant" id={tenant} />],
          ['Environment', entry?.environment ?? usage?.environment ?? '–'],
          ['Call', <Id key="call" id={call.id} />],
          entry?.correlation_id != null && ['Correlation id', <Id key="correlation" id={entry.correlation_id} />],
          entry !== undefined && ['Node', <Id key="node" id={entry.node} />],
        ]}
      />
    </div>
  )
}

function ChainStep({ name }: { readonly name: string }) {
  return <span className="mr-2 inline-block w-24 text-sm text-soft">{name}</span>
}
