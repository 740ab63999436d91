import { hash } from 'node:crypto'
import type { TrustTry, TrustTryResult } from '@keyward/contract/issuers'
import type { AuditRecord } from '../../audit/record.ts'
import type { Change } from '../../changes/change.ts'
import type { Database } from '../../db/database.ts'
import type { Egress } from '../../egress/egress.ts'
import { readSpiffeId } from '../../trust/spiffe-id.ts'
import {
  type FederatedProof,
  type Federation,
  type FederationContext,
  type FederationHints,
  FederationRefused,
  type Tryout,
} from './federation.ts'
import { KeysAway } from './fetch-keys.ts'
import { type Candidate, type Fit, findRule, ownAudiences } from './find-rule.ts'
import { IssuerKeySets } from './issuer-keys.ts'
import { type Assertion, readAssertion, rememberUntil, timeProblems } from './read-assertion.ts'
import { isSignedBy } from './signature.ts'
import type { TrustedIssuer } from './trust-rule.ts'
import { TrustStore } from './trust-store.ts'
import { tryOut } from './try-out.ts'

export interface TrustedIssuersDeps {
  readonly db: Database
  readonly egress: Pick<Egress, 'request'>
  /** Our own issuer identifier: the audience that a rule accepts where it names none. */
  readonly issuer: string
  /** Where refused attempts are recorded, bounded (audit/noise.ts). */
  readonly refusals: { record(record: AuditRecord): Promise<void> }
  readonly log: { warn(fields: object, message: string): void }
  /** This node does not hear what changes: what it remembers of issuers and their keys can't be believed (promise 5). */
  isDeaf(): boolean
  nowMs(): number
  monotonicMs(): number
}

/*
 * Tokens of trusted issuers, by the trust rules of workloads. What costs nothing comes first: form, issuer, times, audience, claims. Only a
 * token that fits a rule has its signature looked at, so that nobody can make this node ask an issuer for keys by sending it garbage.
 */
export class TrustedIssuers implements Federation, Tryout {
  readonly #deps: TrustedIssuersDeps
  readonly #store: TrustStore
  readonly #keys: IssuerKeySets
  readonly #own: ReadonlySet<string>

  constructor(deps: TrustedIssuersDeps) {
    this.#deps = deps
    this.#store = new TrustStore(deps.db)
    this.#keys = new IssuerKeySets(deps)
    this.#own = ownAudiences(deps.issuer)
  }

  /** For the change feed. */
  onChange(change: Change): void {
    const issuer = this.#store.forget(change)
    if (issuer !== undefined) this.#keys.forget(issuer)
  }

  async prove(jwt: string, hints: FederationHints, context: FederationContext = {}): Promise<FederatedProof> {
    const known: { issuer?: string; workload?: string; subject?: string } = {}
    try {
      if (this.#deps.isDeaf()) throw new FederationRefused('node_deaf', 'this node cannot hear what was revoked: try again in some seconds')
      return await this.#prove(jwt, hints, known)
    } catch (error) {
      if (error instanceof FederationRefused) await this.#record(error, known, context)
      throw error
    }
  }

  /** The keys of a SPIFFE bundle endpoint, within the same bounds and from the same cache. @throws KeysAway */
  async bundleOf(id: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    if (this.#deps.isDeaf()) throw new KeysAway('this node cannot hear what was revoked')
    const issuer = await this.#store.byId(id)
    if (issuer === undefined) throw new KeysAway('the issuer is not trusted')
    return await this.#keys.bundle(issuer)
  }

  async tryOut(asked: TrustTry, visible: Parameters<Tryout['tryOut']>[1]): Promise<TrustTryResult> {
    return await tryOut(
      {
        store: this.#store,
        own: this.#own,
        nowMs: () => this.#deps.nowMs(),
        candidates: (assertion) => this.#candidates(assertion),
        verify: (issuer, assertion) => this.#verify(issuer, assertion),
      },
      asked,
      visible,
    )
  }

  async #prove(
    jwt: string,
    hints: FederationHints,
    known: { issuer?: string; workload?: string; subject?: string },
  ): Promise<FederatedProof> {
    const assertion = readAssertion(jwt)
    known.subject = assertion.subject
    const candidates = await this.#candidates(assertion)
    const [candidate] = candidates
    if (candidate === undefined) throw new FederationRefused('issuer_unknown', 'its issuer is not trusted here')
    known.issuer = candidate.issuer.id
    const [late] = timeProblems(assertion, this.#deps.nowMs())
    if (late !== undefined) throw new FederationRefused('time', late)
    const { issuer, rule } = await this.#find(candidates, assertion, hints)
    known.issuer = issuer.id
    await this.#verify(issuer, assertion)
    known.workload = rule.workload
    if (rule.singleUse) await this.#useOnce(issuer, assertion)
    return {
      workload: rule.workload,
      identity: rule.identity,
      method: rule.method,
      grants: rule.grants === null ? null : rule.grants.map(({ id }) => id),
      attests: issuer.attests,
      issuer: issuer.id,
      subject: assertion.subject,
    }
  }

  /**
   * The rule that a token fits. Where it fits those of several workloads (another team's rule may let in this one's jobs, too), the grant
   * that was asked for says whose is meant, for it belongs to one.
   */
  async #find(candidates: readonly Candidate[], assertion: Assertion, hints: FederationHints): Promise<Fit> {
    try {
      return findRule(candidates, assertion, hints, this.#own)
    } catch (error) {
      if (!(error instanceof FederationRefused) || error.code !== 'ambiguous' || hints.grant === undefined) throw error
      const grant = await this.#deps.db.selectFrom('grants').select('workload_id').where('id', '=', hints.grant).executeTakeFirst()
      if (grant === undefined) throw error
      return findRule(candidates, assertion, { ...hints, workload: grant.workload_id }, this.#own)
    }
  }

  /** By `iss`, and where the subject is a SPIFFE ID, by its trust domain: a JWT-SVID need not say who issued it. */
  async #candidates(assertion: Assertion): Promise<Candidate[]> {
    const domain = readSpiffeId(assertion.subject)?.trustDomain
    const issuers = await Promise.all([
      assertion.issuer === undefined ? undefined : this.#store.byIdentifier('oidc', assertion.issuer),
      domain === undefined ? undefined : this.#store.byIdentifier('spiffe', domain),
    ])
    return await Promise.all(
      issuers.filter((issuer) => issuer !== undefined).map(async (issuer) => ({ issuer, rules: await this.#store.rulesOf(issuer) })),
    )
  }

  /** @throws FederationRefused `key_unknown`, `signature`, `keys_away` */
  async #verify(issuer: TrustedIssuer, { compact, alg, kid }: Assertion): Promise<void> {
    const signed = async (again: boolean) => {
      const keys = await this.#keys.find(issuer, kid, alg, { again })
      if (keys.some(({ key }) => isSignedBy(compact, alg, key))) return true
      if (keys.length === 0 && kid !== undefined) throw new FederationRefused('key_unknown', 'it names a key that its issuer does not have')
      return false
    }
    try {
      // A token that names no key may be signed with one that is new.
      if ((await signed(false)) || (kid === undefined && (await signed(true)))) return
    } catch (error) {
      if (error instanceof KeysAway) {
        this.#deps.log.warn({ err: error, issuer: issuer.id }, 'the keys of an issuer cannot be had')
        throw new FederationRefused('keys_away', 'the keys of its issuer cannot be had right now: try again in some seconds', {
          cause: error,
        })
      }
      throw error
    }
    throw new FederationRefused('signature', 'it is not signed by its issuer')
  }

  /** On every node: the database is asked. */
  async #useOnce(issuer: TrustedIssuer, assertion: Assertion): Promise<void> {
    if (assertion.jti === undefined) throw new FederationRefused('replayed', 'it has no jti, by which it could be known to be used once')
    const first = await this.#deps.db
      .insertInto('assertion_replays')
      .values({ digest: hash('sha256', `${issuer.id}\n${assertion.jti}`, 'buffer'), expires_at: rememberUntil(assertion) })
      .onConflict((oc) => oc.column('digest').doNothing())
      .returning('digest')
      .executeTakeFirst()
    if (!first) throw new FederationRefused('replayed', 'it was used before')
  }

  async #record(
    { code }: FederationRefused,
    known: { readonly issuer?: string; readonly workload?: string; readonly subject?: string },
    { correlationId, personal }: FederationContext,
  ): Promise<void> {
    await this.#deps.refusals.record({
      action: 'token.mint',
      decision: 'refused',
      code: `federation_${code}`,
      actor: { kind: 'anonymous', id: null },
      ...(known.workload === undefined ? {} : { workload: known.workload }),
      ...(known.issuer === undefined ? {} : { target: { kind: 'issuer', id: known.issuer } }),
      ...(correlationId === undefined ? {} : { correlationId }),
      ...(personal === undefined ? {} : { personal }),
      details: { issuer: known.issuer ?? null, ...(known.subject === undefined ? {} : { claimed_subject: plain(known.subject) }) },
    })
  }
}

const shownCharsMax = 200

/** What the sender says of itself, unverified: printable and short. */
function plain(text: string): string {
  return text.slice(0, shownCharsMax).replaceAll(/[^\x20-\x7e]/g, '?')
}
