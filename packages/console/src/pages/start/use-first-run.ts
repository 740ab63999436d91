import type { Credential } from '@keyward/contract/credentials'
import type { Grant } from '@keyward/contract/grants'
import type { Resource } from '@keyward/contract/resources'
import type { Workload } from '@keyward/contract/workloads'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { firstOf } from '../../api/queries.ts'

/** What the steps have made so far. What was made before (here or elsewhere) counts, so that the run can be left and taken up again. */
export interface FirstRun {
  readonly ready: boolean
  readonly credential: Credential | undefined
  readonly resource: Resource | undefined
  readonly workload: Workload | undefined
  readonly grant: Grant | undefined
  readonly owner: string | undefined
  made(what: Made): void
}

interface Made {
  readonly credential?: Credential
  readonly resource?: Resource
  readonly workload?: Workload
  readonly grant?: Grant
}

const lookedAtMax = 100

export function useFirstRun(): FirstRun {
  const [mine, setMine] = useState<Made>({})
  const credentials = useQuery(firstOf('credentials', { state: 'active', limit: lookedAtMax }))
  const resources = useQuery(firstOf('resources', { limit: lookedAtMax }))
  const workloads = useQuery(firstOf('workloads', { state: 'active', limit: lookedAtMax }))
  const grants = useQuery(firstOf('grants', { state: 'active', limit: lookedAtMax }))
  const owners = useQuery(firstOf('owners', { limit: lookedAtMax }))
  const grant = mine.grant ?? grants.data?.items[0]
  const resource = mine.resource ?? byId(resources.data?.items, grant?.resource) ?? resources.data?.items[0]
  const credential = mine.credential ?? byId(credentials.data?.items, resource?.credential) ?? credentials.data?.items[0]
  const workload = mine.workload ?? byId(workloads.data?.items, grant?.workload) ?? workloads.data?.items[0]
  return {
    ready: [credentials, resources, workloads, grants, owners].every((query) => !query.isPending),
    credential,
    resource,
    workload,
    grant: grant && grant.resource === resource?.id && grant.workload === workload?.id ? grant : undefined,
    owner: credential?.owner ?? owners.data?.items[0]?.id,
    made: (what) => setMine((before) => ({ ...before, ...what })),
  }
}

function byId<Item extends { readonly id: string }>(items: readonly Item[] | undefined, id: string | null | undefined): Item | undefined {
  return items?.find((item) => item.id === id)
}
