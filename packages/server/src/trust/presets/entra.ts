import { broad, exactTexts, type Preset } from '../preset.ts'

const changeable = 'can be changed by whom it names, and be given to another: use oid'
const wide: Readonly<Record<string, string>> = {
  tid: 'matches everything in the directory: add oid, the object id of the managed identity or service principal',
  email: changeable,
  upn: changeable,
  unique_name: changeable,
  preferred_username: changeable,
  name: changeable,
  roles: 'matches everything that was given the role: add oid',
  groups: 'matches every member of the group: add oid',
  idtyp: 'matches every application of the directory: add oid',
}

/** Microsoft Entra ID: managed identities and service principals. */
export const entra: Preset = {
  issuers: /^https:\/\/(?:login\.microsoftonline\.com\/[^/]+\/v2\.0|sts\.windows\.net\/[^/]+\/)$/,
  asciiOnly: true,
  pin: 'add oid, the object id of the managed identity or service principal',
  nameOnly: 'the resource is known by its name alone: add oid',

  judge(name, condition) {
    const exact = exactTexts(condition)
    switch (name) {
      case 'oid':
      case 'sub':
      case 'appid':
      case 'azp':
        return exact ? { strength: 'id' } : broad('a part of an id is the id of others, too: give it whole')
      case 'xms_mirid':
      case 'xms_az_rid':
        return exact ? { strength: 'name' } : broad('matches every resource below: give its whole id, or oid')
      default:
        return wide[name] === undefined ? { strength: 'none' } : broad(wide[name])
    }
  },

  context: () => [],

  audience: (audience) =>
    audience === 'api://AzureADTokenExchange' ||
    /^https:\/\/(?:management\.azure\.com|graph\.microsoft\.com|vault\.azure\.net)\/?$/.test(audience)
      ? { warning: 'is the audience of a Microsoft service, so that the same token is good there: register an application for Keyward' }
      : undefined,
}
