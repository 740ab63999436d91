import { broad, exactTexts, type Preset } from '../preset.ts'

const projectWide = 'matches every machine of the project, whoever starts it: add sub, the numeric id of the service account'
const wide: Readonly<Record<string, string>> = {
  hd: 'matches everybody of the domain: add sub',
  email_verified: 'matches every account with a checked address: add sub',
  '/google/compute_engine/project_id': projectWide,
  '/google/compute_engine/project_number': projectWide,
  '/google/compute_engine/zone': projectWide,
  '/google/compute_engine/instance_name': 'a machine’s name can be given to another: add /google/compute_engine/instance_id, or sub',
}

/** ID tokens of Google service accounts. */
export const google: Preset = {
  issuers: /^(?:https:\/\/)?accounts\.google\.com$/,
  asciiOnly: true,
  pin: 'add sub, the numeric id of the service account (its unique id in the console)',
  nameOnly: 'an address can be given to another account after a deletion: add sub, the numeric id of the service account',

  judge(name, condition) {
    const exact = exactTexts(condition)
    switch (name) {
      case 'sub':
      case 'azp':
        if (exact === undefined) return broad('a part of an id is the id of others, too: give it whole')
        return exact.every((text) => /^\d{5,30}$/.test(text))
          ? { strength: 'id' }
          : broad('is the numeric id of an account, 21 digits as a rule')
      case '/google/compute_engine/instance_id':
        return exact ? { strength: 'id' } : broad('a part of an id is the id of others, too: give it whole')
      case 'email':
        return exact?.every((text) => text.includes('@'))
          ? { strength: 'name' }
          : broad('matches many addresses: give the whole one, and sub')
      default:
        return wide[name] === undefined ? { strength: 'none' } : broad(wide[name])
    }
  },

  context: (all) =>
    all.email !== undefined && all.email_verified === undefined && all.sub === undefined
      ? ['anybody can have an unchecked address: add email_verified: true']
      : [],

  audience: (audience) =>
    /\.apps\.googleusercontent\.com$/.test(audience)
      ? { warning: 'is an OAuth client, whose sign-ins make tokens for it: have the workload ask for an audience of its own' }
      : undefined,
}
