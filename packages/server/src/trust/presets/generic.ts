import { lastSegment } from '../claim.ts'
import { broad, exactTexts, type Preset, prefixOf } from '../preset.ts'

/** Ids of what many share. */
const shared = /^(?:org|organi[sz]ation|tenant|owner|namespace|account|group|team|user|customer|enterprise|workspace_owner)/i
const idName = /(?:^|[._-])(?:id|uid|uuid|guid)$|[a-z](?:Id|Uid|Uuid|ID|UUID)$/

/** An issuer of which nothing is known but what OIDC says: `sub` is unique to it and never given to another. */
export const generic: Preset = {
  issuers: undefined,
  asciiOnly: false,
  pin: 'add sub, whole',
  nameOnly: 'what these claims mean is the issuer’s own: pin sub, too, if each workload has one of its own',

  judge(name, condition) {
    const exact = exactTexts(condition)
    const prefix = prefixOf(condition)
    if (name === 'sub') {
      if (exact) return { strength: 'id' }
      if (prefix === undefined) return { strength: 'none' }
      return /[:/#|]$/.test(prefix) && prefix.length > 1
        ? {
            strength: 'name',
            warning: `every subject that begins with ${prefix} fits, also those that are made later: give the whole subject`,
          }
        : broad(
            `the prefix ends in the middle of a name: it also matches ${prefix}-evil. End it where a part of the subject ends, or give the whole`,
          )
    }
    if (['client_id', 'azp', 'appid', 'oid'].includes(name) && exact) return { strength: 'id' }
    const own = lastSegment(name)
    if (exact && idName.test(own) && !shared.test(own)) return { strength: 'name' }
    if (shared.test(own)) return broad('matches everybody who belongs to it: add sub')
    return { strength: 'none' }
  },

  context: () => [],

  audience: (audience) =>
    /^(?:sts\.amazonaws\.com|https:\/\/sts\.amazonaws\.com|api:\/\/AzureADTokenExchange|https:\/\/iam\.googleapis\.com\/.*|sigstore|vault)$/.test(
      audience,
    )
      ? { warning: 'is the audience of another service, so that the same token is good there: have the workload ask for one of its own' }
      : undefined,
}
