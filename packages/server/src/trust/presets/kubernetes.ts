import type { ClaimConditions } from '@keyward/contract/identities'
import { broad, exactTexts, type Judgement, type Preset, prefixOf, weakest } from '../preset.ts'

const at = {
  namespace: '/kubernetes.io/namespace',
  account: '/kubernetes.io/serviceaccount/name',
  accountUid: '/kubernetes.io/serviceaccount/uid',
  pod: '/kubernetes.io/pod/name',
  podUid: '/kubernetes.io/pod/uid',
}
const namespaceWide =
  'matches every service account of the namespace, also those that are made later: add /kubernetes.io/serviceaccount/name, or give sub'
const nodeWide = 'matches every pod on that node: add sub'

/** What an API server accepts where it is not told otherwise: a token for it must not be good for anything else, nor the other way round. */
const apiServers = new Set([
  'https://kubernetes.default.svc',
  'https://kubernetes.default.svc.cluster.local',
  'https://kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  'kubernetes.default',
  'https://kubernetes',
  'kubernetes',
  'api',
  'kubernetes/serviceaccount',
])

/** True for an audience that makes a token good at the cluster's own API server; the service account issuer is its default. */
export function isApiServerAudience(audience: string, issuer: string): boolean {
  return apiServers.has(audience.replace(/\/$/, '')) || audience.replace(/\/$/, '') === issuer.replace(/\/$/, '')
}

/** Projected service account tokens. */
export const kubernetes: Preset = {
  issuers:
    /^https:\/\/(?:kubernetes\.default\.svc(?:\.cluster\.local)?|oidc\.eks\.[a-z0-9-]+\.amazonaws\.com\/id\/.+|container\.googleapis\.com\/v1\/projects\/.+)$/,
  asciiOnly: true,
  pin: 'give sub as in system:serviceaccount:NAMESPACE:NAME',
  nameOnly: 'the pod is known by its name alone: give sub, the service account that it runs as',

  judge(name, condition, all) {
    const exact = exactTexts(condition)
    switch (name) {
      case 'sub':
        return exact ? weakest(exact.map(judgeSubject)) : broad(subjectPrefix(prefixOf(condition) ?? ''))
      case at.accountUid:
      case at.podUid:
        return exact ? { strength: 'id' } : broad('a part of an id is the id of others, too: give it whole')
      case at.account:
        return exact && exactTexts(all[at.namespace])
          ? { strength: 'id' }
          : broad(`matches a service account of that name in every namespace: add ${at.namespace}`)
      case at.pod:
        return exact && exactTexts(all[at.namespace])
          ? { strength: 'name' }
          : broad(`matches a pod of that name in every namespace: give sub`)
      case at.namespace:
        return broad(namespaceWide)
      default:
        return name.startsWith('/kubernetes.io/node/') ? broad(nodeWide) : { strength: 'none' }
    }
  },

  context(all: ClaimConditions) {
    const names = [...(exactTexts(all.sub) ?? []).map((sub) => sub.split(':')[3]), ...(exactTexts(all[at.account]) ?? [])]
    return names.includes('default')
      ? [
          'the service account `default` is what every pod of the namespace runs as that names none: give the workload an account of its own',
        ]
      : []
  },

  audience(audience, issuer) {
    if (!isApiServerAudience(audience, issuer)) return undefined
    return {
      refused:
        'is the audience of the cluster’s own API server: project a token with an audience of its own (serviceAccountToken.audience)',
    }
  },
}

function judgeSubject(text: string): Judgement {
  const [system, kind, namespace, name, ...more] = text.split(':')
  return system === 'system' && kind === 'serviceaccount' && namespace && name && more.length === 0
    ? { strength: 'id' }
    : broad('is not the subject of a service account: write it as in system:serviceaccount:NAMESPACE:NAME')
}

function subjectPrefix(prefix: string): string {
  if (/^system:serviceaccount:[^:]+:$/.test(prefix)) return namespaceWide
  if (/^system:serviceaccount:[^:]+:.+$/.test(prefix))
    return `ends in the middle of a name: it also matches ${prefix}-evil. Give the whole subject`
  return 'matches the service accounts of many namespaces: give the whole subject, as in system:serviceaccount:NAMESPACE:NAME'
}
