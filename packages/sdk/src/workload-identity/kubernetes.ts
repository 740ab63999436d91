import type { WorkloadIdentity } from './identity.ts'
import { tokenFile } from './token-file.ts'

/**
 * Where the guide projects the pod's token for Keyward. The default token of a pod is never used: it is good at the cluster's own API server,
 * and must not be shown to anybody else.
 */
export const projectedTokenFile = '/var/run/secrets/keyward/token'

/** A projected service account token of this pod; the kubelet renews the file. */
export function kubernetesPod(file: string = projectedTokenFile, workload?: string | undefined): WorkloadIdentity {
  return tokenFile({ file, workload, source: 'kubernetes', about: `the service account token in ${file}` })
}
