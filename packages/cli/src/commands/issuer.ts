import { issuerPresets } from '@keyward/contract/issuers'
import type { Command } from 'commander'
import { keysFile, textFile } from '../input/files.ts'
import { resourceCommand } from '../resource/command.ts'
import type { ResourceDefinition } from '../resource/definition.ts'
import { oneOf, text } from '../resource/parsers.ts'
import { assessCommand, tryCommand } from './issuer-try.ts'

const kinds = ['oidc', 'spiffe', 'x509']

/** What a short form stands for. */
const shortForms: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  github: { name: 'GitHub Actions', kind: 'oidc', issuer: 'https://token.actions.githubusercontent.com', keys_from: { type: 'discovery' } },
  gitlab: { name: 'GitLab', kind: 'oidc', issuer: 'https://gitlab.com', keys_from: { type: 'discovery' } },
  kubernetes: { name: 'Kubernetes', kind: 'oidc', keys_from: { type: 'discovery' } },
  google: { name: 'Google', kind: 'oidc', issuer: 'https://accounts.google.com', keys_from: { type: 'discovery' } },
  entra: { name: 'Microsoft Entra ID', kind: 'oidc', keys_from: { type: 'discovery' } },
  generic: { kind: 'oidc', keys_from: { type: 'discovery' } },
  spiffe: { kind: 'spiffe' },
  x509: { kind: 'x509' },
}

/** Fills in what the short form knows, under what was said. A SPIFFE trust domain is its own name. */
function complete(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { preset, ...said } = given
  const known =
    shortForms[String(preset)] ??
    (said.kind === undefined || said.kind === 'oidc' ? { kind: 'oidc', keys_from: { type: 'discovery' } } : {})
  const isPreset = (issuerPresets as readonly unknown[]).includes(preset)
  const all: Record<string, unknown> = { ...known, ...said, ...(isPreset ? { preset } : {}) }
  return { ...all, ...(all.name === undefined && all.issuer !== undefined ? { name: all.issuer } : {}) }
}

export const issuers: ResourceDefinition = {
  name: 'issuer',
  plural: 'issuers',
  group: 'issuers',
  summary: 'Who may vouch for workloads: CI systems, clusters, clouds, SPIFFE trust domains, certificate authorities',
  key: 'id',
  acts: ['list', 'show', 'create', 'update', 'delete', 'revoke'],
  columns: [
    { title: 'ID', value: 'id', fit: 'whole' },
    { title: 'NAME', value: 'name', fit: 'cut' },
    { title: 'KIND', value: 'kind', fit: 'whole' },
    { title: 'STATE', value: 'state', fit: 'whole' },
    { title: 'RULES', value: 'identities', fit: 'whole', align: 'right' },
    { title: 'ISSUER', value: 'issuer', fit: 'cut' },
    { title: 'KEYS', value: (row) => (row.keys_from as { type?: string } | undefined)?.type, fit: 'whole' },
  ],
  filters: [
    { flag: 'kind', text: `only of this kind: ${kinds.join(', ')}`, parse: oneOf(kinds) },
    { flag: 'state', text: 'only in this state: active, revoked', parse: oneOf(['active', 'revoked']) },
  ],
  fields: [
    {
      flag: 'preset',
      value: 'preset',
      text: `a short form that fills in the rest: ${Object.keys(shortForms).join(', ')}`,
      parse: oneOf(Object.keys(shortForms)),
      on: 'create',
    },
    { flag: 'name', value: 'name', text: "what people call it; a preset's own name where left out", parse: text, required: true },
    { flag: 'kind', value: 'kind', text: `${kinds.join(', ')}; oidc where left out`, parse: oneOf(kinds), required: true, on: 'create' },
    {
      flag: 'issuer',
      value: 'issuer',
      text: 'oidc: the exact iss; spiffe: the trust domain; x509: a name for the authority. github, gitlab and google have theirs',
      parse: text,
      required: true,
      on: 'create',
    },
    {
      flag: 'jwks-uri',
      value: 'url',
      path: 'keys_from',
      text: 'oidc: its keys are at this address (default: found by discovery)',
      parse: (url) => ({ type: 'jwks_uri', url }),
      required: true,
    },
    {
      flag: 'jwks-file',
      value: 'file',
      path: 'keys_from',
      text: 'oidc: its keys are those of this file (a JWK set), and are never fetched',
      parse: (file, flag) => ({ type: 'jwks', keys: keysFile(file, flag) }),
      required: true,
    },
    {
      flag: 'bundle-url',
      value: 'url',
      path: 'keys_from',
      text: 'spiffe: its bundle endpoint (profile https_web)',
      parse: (url) => ({ type: 'bundle_url', url }),
      required: true,
    },
    {
      flag: 'bundle-file',
      value: 'file',
      path: 'keys_from',
      text: 'spiffe: the bundle is this file (as `spire-server bundle show -format spiffe` prints it)',
      parse: (file, flag) => ({ type: 'bundle', keys: keysFile(file, flag) }),
      required: true,
    },
    {
      flag: 'authorities-file',
      value: 'file',
      path: 'keys_from',
      text: 'x509: certificates in PEM of the authorities that sign client certificates',
      parse: (file, flag) => ({ type: 'certificates', pem: textFile(file, flag) }),
      required: true,
    },
    {
      flag: 'allow-private',
      text: 'its keys may be fetched from a private or loopback address (an admin with fresh authentication)',
      parse: text,
      negates: true,
    },
    {
      flag: 'attests',
      text: 'it attests what runs where: with a bound token its identities count as attested',
      parse: text,
      negates: true,
    },
    {
      flag: 'tls-ca-file',
      value: 'file',
      path: 'ca',
      text: "certificates in PEM of authorities for the TLS of its keys' address, beside those of the system",
      parse: textFile,
      clears: true,
    },
    { flag: 'description', value: 'text', text: 'what it is for', parse: text, clears: true },
  ],
  whenEmpty: 'No issuer is trusted yet. Next: keyward issuer create --preset github',
  secondOpinion: true,
  complete,
}

export function issuerCommand(): Command {
  return resourceCommand(issuers).addCommand(tryCommand()).addCommand(assessCommand())
}
