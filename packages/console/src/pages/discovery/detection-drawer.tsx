import type { DetectionWithSightings } from '@keyward/contract/detections'
import { useQuery } from '@tanstack/react-query'
import { useAct } from '../../api/act.ts'
import { api } from '../../api/client.ts'
import { failureOf } from '../../api/failure.ts'
import { oneOf } from '../../api/queries.ts'
import { Code } from '../../components/code.tsx'
import { Id } from '../../components/copy.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { FailureNotice } from '../../components/failure-notice.tsx'
import { ActButton } from '../../components/inventory/act-button.tsx'
import { Moment } from '../../components/moment.tsx'
import { Facts } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { SkeletonLines } from '../../components/skeleton.tsx'
import { say } from '../../components/toast.tsx'
import { adoptCommand } from './adopt-command.ts'
import { DismissForm } from './dismiss-form.tsx'
import { Sightings } from './sightings.tsx'
import { DetectionState, OwnerGuess, SeverityBadge } from './words.tsx'

/** What is open beside the list: a detection, and whether it is being dismissed. */
export interface Opened {
  readonly id: string
  readonly dismissing: boolean
}

interface DetectionDrawerProps {
  readonly opened: Opened | undefined
  readonly onOpen: (opened: Opened | undefined) => void
}

/** One detection: what to do about it, what is known of it, and every place where it was seen. */
export function DetectionDrawer({ opened, onOpen }: DetectionDrawerProps) {
  const query = useQuery({ ...oneOf('detections', opened?.id ?? ''), enabled: opened !== undefined })
  const detection = opened === undefined ? undefined : query.data
  return (
    <Dialog
      open={opened !== undefined}
      onClose={() => onOpen(undefined)}
      place="side"
      title={detection?.name ?? 'Detection'}
      description={detection && <span className="font-mono text-xs">{detection.masked}</span>}
    >
      {opened !== undefined && query.isError && <FailureNotice failure={failureOf(query.error)} onRetry={() => void query.refetch()} />}
      {opened !== undefined && detection === undefined && !query.isError && <SkeletonLines lines={6} />}
      {opened !== undefined && detection !== undefined && <Details detection={detection} opened={opened} onOpen={onOpen} />}
    </Dialog>
  )
}

function Details({
  detection,
  opened,
  onOpen,
}: {
  readonly detection: DetectionWithSightings
  readonly opened: Opened
  readonly onOpen: (opened: Opened | undefined) => void
}) {
  return (
    <div className="grid gap-6">
      {opened.dismissing && detection.state !== 'adopted' ? (
        <DismissForm
          id={detection.id}
          onCancel={() => onOpen({ ...opened, dismissing: false })}
          onDone={() => {
            say('Dismissed')
            onOpen(undefined)
          }}
        />
      ) : (
        <ToDo detection={detection} onDismiss={() => onOpen({ ...opened, dismissing: true })} />
      )}
      <Facts
        items={[
          ['Severity', <SeverityBadge key="severity" severity={detection.severity} />],
          ['State', <DetectionState key="state" state={detection.state} />],
          detection.state_reason !== null && ['Reason', detection.state_reason],
          detection.state_by !== null && ['Decided by', <Reference key="by" id={detection.state_by} />],
          detection.dismissed_until !== null && ['Open again', <Moment key="until" at={detection.dismissed_until} />],
          ['Brought in by', <OwnerGuess key="guess" guess={detection.owner_guess} />],
          ['Credential', <Reference key="credential" id={detection.credential} none="not in the inventory" />],
          ['Provider', detection.provider],
          ['Certainty', `${Math.round(detection.confidence * 100)} %`],
          ['First reported', <Moment key="first" at={detection.first_seen_at} />],
          ['Last reported', <Moment key="last" at={detection.last_seen_at} />],
          ['Detection', <Id key="id" id={detection.id} />],
        ]}
      />
      <Sightings sightings={detection.sightings} total={detection.sightings_total} />
    </div>
  )
}

/** The next step, by what is known: adopt what nobody owns, replace what the vault has, nothing where somebody decided so. */
function ToDo({ detection, onDismiss }: { readonly detection: DetectionWithSightings; readonly onDismiss: () => void }) {
  const reopen = useAct(() => api.detections.reopen(detection.id))
  const { state, credential } = detection
  const adopt = adoptCommand(detection)
  return (
    <section className="grid gap-3">
      {state === 'open' && credential === null && adopt === undefined && (
        <p>It is in no file that could be rewritten. End it at its provider, then dismiss it with that as the reason.</p>
      )}
      {state === 'open' && credential === null && adopt !== undefined && (
        <>
          <p>Nobody answers for it. Where it was found, this takes it into the vault and leaves a reference in its place:</p>
          <Code label="Command that adopts it" text={adopt} />
        </>
      )}
      {credential !== null && (
        <>
          <p>
            <Reference id={credential} /> has it, and it was seen outside the vault: whoever saw it can use it until it is replaced. Make a
            new one at the provider, store it, then end the old one.
          </p>
          <Code label="Command that stores a new secret" text={`keyward credential add-version ${credential}`} />
          {state === 'open' && adopt !== undefined && (
            <>
              <p>To take it out of the place where it was found:</p>
              <Code label="Command that adopts it" text={adopt} />
            </>
          )}
        </>
      )}
      <FailureNotice failure={reopen.failure} />
      <div className="flex gap-2">
        {state !== 'adopted' && state !== 'dismissed' && (
          <ActButton needs="detection:triage" onClick={onDismiss}>
            Dismiss
          </ActButton>
        )}
        {state !== 'open' && (
          <ActButton
            needs="detection:triage"
            pending={reopen.pending}
            onClick={async () => {
              if (await reopen.run()) say('Open again')
            }}
          >
            Reopen
          </ActButton>
        )}
      </div>
    </section>
  )
}
