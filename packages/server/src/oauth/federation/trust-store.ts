import type { ClaimConditions } from '@keyward/contract/identities'
import { IssuerKeys } from '@keyward/contract/issuers'
import type { Change } from '../../changes/change.ts'
import type { Database } from '../../db/database.ts'
import type { IdentityParams } from '../client.ts'
import { RuleSet } from './rule-set.ts'
import type { TrustedIssuer, TrustRule } from './trust-rule.ts'

/** Issuers whose rules are kept at once; the least used are read again. */
const issuersKeptMax = 1_000
/** Rules of one issuer that are read: a workload for each repository of a large organisation, several times over. */
const rulesMax = 50_000

/**
 * The active issuers and their live trust rules, kept in memory until the change feed says that something changed. What was read a moment
 * too early is not kept, and minting looks again whether the identity still lives.
 */
export class TrustStore {
  readonly #db: Database
  #issuers: Promise<ReadonlyMap<string, TrustedIssuer>> | undefined
  #rules = new Map<string, Promise<RuleSet>>()

  constructor(db: Database) {
    this.#db = db
  }

  /** For the change feed. @returns the issuers whose keys have to go, too; `all` where changes were missed */
  forget(change: Change): string | 'all' | undefined {
    if (change.op === 'reset') {
      this.#issuers = undefined
      this.#rules = new Map()
      return 'all'
    }
    if (change.kind === 'issuer') {
      this.#issuers = undefined
      this.#rules.delete(change.subject)
      return change.subject
    }
    if (change.kind === 'identity' || change.kind === 'workload') this.#rules = new Map()
    return undefined
  }

  async byIdentifier(kind: TrustedIssuer['kind'], issuer: string): Promise<TrustedIssuer | undefined> {
    return (await this.#active()).get(`${kind} ${issuer}`)
  }

  async byId(id: string): Promise<TrustedIssuer | undefined> {
    for (const issuer of (await this.#active()).values()) if (issuer.id === id) return issuer
    return undefined
  }

  /** The live rules of an issuer. */
  rulesOf(issuer: TrustedIssuer): Promise<RuleSet> {
    const known = this.#rules.get(issuer.id)
    if (known !== undefined) return known
    const reading = this.#readRules(issuer)
    const rules = this.#rules
    if (rules.size >= issuersKeptMax) rules.clear()
    rules.set(issuer.id, reading)
    reading.catch(() => {
      if (rules.get(issuer.id) === reading) rules.delete(issuer.id)
    })
    return reading
  }

  #active(): Promise<ReadonlyMap<string, TrustedIssuer>> {
    if (this.#issuers !== undefined) return this.#issuers
    const reading = this.#readIssuers()
    this.#issuers = reading
    reading.catch(() => {
      if (this.#issuers === reading) this.#issuers = undefined
    })
    return reading
  }

  async #readIssuers(): Promise<ReadonlyMap<string, TrustedIssuer>> {
    const rows = await this.#db
      .selectFrom('issuers')
      .select(['id', 'name', 'kind', 'issuer', 'preset', 'keys_from', 'allow_private', 'attests', 'ca'])
      .where('state', '=', 'active')
      .execute()
    return new Map(
      rows.map((row) => [
        `${row.kind} ${row.issuer}`,
        {
          id: row.id,
          name: row.name,
          kind: row.kind,
          issuer: row.issuer,
          preset: row.preset,
          keysFrom: IssuerKeys.parse(row.keys_from),
          allowPrivate: row.allow_private,
          attests: row.attests,
          ca: row.ca ?? undefined,
        },
      ]),
    )
  }

  async #readRules(issuer: TrustedIssuer): Promise<RuleSet> {
    const rows = await this.#db
      .selectFrom('workload_identities as i')
      .innerJoin('workloads as w', 'w.id', 'i.workload_id')
      .select(['i.id', 'i.name', 'i.method', 'i.params', 'i.workload_id', 'w.name as workload_name'])
      .where('i.issuer_id', '=', issuer.id)
      .where('i.method', 'in', ['oidc', 'spiffe_jwt'])
      .where('i.revoked_at', 'is', null)
      .where('w.state', '=', 'active')
      .orderBy('i.id')
      .limit(rulesMax)
      .execute()
    const held = rows.flatMap((row) => (row.params as IdentityParams).grants ?? [])
    const resources = await this.#resourcesOf(held)
    const rules = rows.map((row): TrustRule => {
      const params = row.params as IdentityParams
      return {
        identity: row.id,
        name: row.name,
        workload: row.workload_id,
        workloadName: row.workload_name,
        method: row.method === 'spiffe_jwt' ? 'spiffe_jwt' : 'oidc',
        audiences: params.audiences === undefined ? undefined : new Set(params.audiences),
        claims: (params.claims ?? {}) as ClaimConditions,
        spiffeId: params.spiffe_id,
        singleUse: params.single_use ?? false,
        grants: params.grants?.map((id) => ({ id, resource: resources.get(id) ?? '' })) ?? null,
      }
    })
    return new RuleSet(issuer.preset, rules)
  }

  /** Names of the resources of grants. Neither ever changes. */
  async #resourcesOf(grants: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (grants.length === 0) return new Map()
    const rows = await this.#db
      .selectFrom('grants as g')
      .innerJoin('resources as r', 'r.id', 'g.resource_id')
      .select(['g.id', 'r.name'])
      .where((eb) => eb('g.id', '=', eb.fn.any(eb.val([...new Set(grants)]))))
      .execute()
    return new Map(rows.map((row) => [row.id, row.name]))
  }
}
