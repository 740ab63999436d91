import { useState } from 'react'
import { PageFrame, Panel } from '../../components/page.tsx'
import { Reference } from '../../components/reference.tsx'
import { SkeletonLines } from '../../components/skeleton.tsx'
import { CallStep } from './call-step.tsx'
import { GrantStep } from './grant-step.tsx'
import { KeyStep } from './key-step.tsx'
import { ResourceStep } from './resource-step.tsx'
import { Step } from './step.tsx'
import { useFirstRun } from './use-first-run.ts'
import { WorkloadStep } from './workload-step.tsx'

/** The guided first run: from a key to a call that went through. */
export default function StartPage() {
  const run = useFirstRun()
  const [upstream, setUpstream] = useState<string>()
  const { credential, resource, workload, grant } = run
  const now = credential === undefined ? 1 : resource === undefined ? 2 : workload === undefined ? 3 : grant === undefined ? 4 : 5
  const state = (number: number) => (number < now ? 'done' : number === now ? 'now' : 'later')
  return (
    <PageFrame
      title="First call"
      lead="Five steps: the key goes into the vault, and an agent gets a token that lives minutes."
      back={{ to: '/', text: 'Overview' }}
    >
      {run.ready ? (
        <ol className="max-w-3xl">
          <Step number={1} title="Store a key" state={state(1)} done={credential && <Reference id={credential.id} />}>
            <KeyStep
              owner={run.owner}
              onDone={(made, address) => {
                setUpstream(address)
                run.made({ credential: made })
              }}
            />
          </Step>
          <Step
            number={2}
            title="Put it behind a resource"
            state={state(2)}
            done={
              resource && (
                <>
                  <Reference id={resource.id} />, called at <code>{resource.address}</code>
                </>
              )
            }
          >
            {credential && <ResourceStep credential={credential} upstream={upstream} onDone={(made) => run.made({ resource: made })} />}
          </Step>
          <Step number={3} title="Add the agent" state={state(3)} done={workload && <Reference id={workload.id} />}>
            <WorkloadStep
              owner={run.owner}
              environment={credential?.environment ?? 'production'}
              onDone={(made) => run.made({ workload: made })}
            />
          </Step>
          <Step
            number={4}
            title="Grant it the resource"
            state={state(4)}
            done={
              workload &&
              resource && (
                <>
                  {workload.name} may use {resource.name}
                </>
              )
            }
          >
            {workload && resource && <GrantStep workload={workload} resource={resource} onDone={(made) => run.made({ grant: made })} />}
          </Step>
          <Step number={5} title="Make the call" state={state(5)}>
            {grant && resource && <CallStep grant={grant} resource={resource} />}
          </Step>
        </ol>
      ) : (
        <Panel>
          <SkeletonLines lines={6} />
        </Panel>
      )}
    </PageFrame>
  )
}
