import { limits } from '@keyward/contract/limits'
import type pg from 'pg'
import type { Audit } from '../audit/audit.ts'
import { isPassing, isRefusal } from '../audit/database-refusal.ts'
import { GroupCommit } from '../audit/group-commit.ts'
import { rowOf } from '../audit/row.ts'
import { newId } from '../observe/ids.ts'
import { assuranceOf, isAtLeast, levelOf, weaker } from '../policy/assurance.ts'
import { narrowed, whyWider } from '../policy/narrow.ts'
import { type GrantsAsked, type MintFacts, MintFactsReader } from './mint-facts.ts'
import { type MintedAccessToken, type MintRefusalCode, MintRefused, type MintRequest } from './mint-request.ts'
import { type MintRow, mintStatement } from './mint-statement.ts'
import { signJwt } from './sign-jwt.ts'
import type { SigningAlg, SigningKeys } from './signing-keys.ts'
import type { Actor } from './verify.ts'

interface Deps {
  /** Connections that the control API does not take: at least four. */
  readonly pool: pg.Pool
  readonly keys: Pick<SigningKeys, 'signer'>
  readonly audit: Pick<Audit, 'record'>
  readonly node: string
  readonly issuer: string
  /** What tokens are signed with; default ES256. */
  readonly algorithm?: SigningAlg
  nowMs(): number
}

const inFlightMax = 2
const batchMax = 200
const waitingMax = 5_000
/** Of an issuer's `sub` no more is recorded: those of the known platforms are far shorter, and it stands in every entry. */
const subjectCharsMax = 300

/** What the database says while it locks what a token hangs on. */
const refusedThere: Readonly<Partial<Record<MintRefusalCode, string>>> = {
  grant_ended: 'the grant has ended',
  not_a_delegate: 'the grant does not let this workload act under its tokens any more',
  workload_revoked: 'the workload was revoked',
  identity_ended: 'the identity was revoked or has ended',
  parent_ended: 'the token that it comes from has ended',
  user_ended: 'the person has no access any more',
  consent_ended: 'the consent has ended',
}

/**
 * Mints access tokens (RFC 9068): one grant, one resource, one tenant, minutes. The record and its audit entry are durable before the
 * string leaves this class; the string itself is never stored. Tokens that are asked for at once are written in one transaction.
 */
export class Minter {
  readonly #deps: Deps
  readonly #facts: MintFactsReader
  readonly #commits: GroupCommit<MintRow, MintRefusalCode | null>

  constructor(deps: Deps) {
    this.#deps = deps
    this.#facts = new MintFactsReader(deps.pool)
    this.#commits = new GroupCommit<MintRow, MintRefusalCode | null>({
      flush: async (batch) => {
        const { rows } = await deps.pool.query<{ codes: (MintRefusalCode | null)[] }>(mintStatement(deps.node, batch))
        return rows[0]?.codes ?? []
      },
      isRefusal,
      isPassing,
      inFlightMax,
      waitingMax,
      batchMax,
    })
  }

  /** Active grants that a workload may mean: the one that it names, or two at most of those that fit. */
  async grantsOf(asked: GrantsAsked & { readonly grant: string | undefined }): Promise<readonly MintFacts[]> {
    if (asked.grant === undefined) return await this.#facts.of(asked)
    const named = await this.#facts.read(asked.grant)
    const fits =
      named?.workload === asked.workload &&
      named.state === 'active' &&
      (asked.resource === undefined || named.resourceName === asked.resource) &&
      (asked.held === null || asked.held.includes(named.id))
    return fits ? [named] : []
  }

  /** Resolves when no token waits to be written. */
  drained(): Promise<void> {
    return this.#commits.drained()
  }

  /** @throws MintRefused, which is recorded; OverloadError, or the database's error: then nothing was minted that anybody holds */
  async mint(request: MintRequest): Promise<MintedAccessToken> {
    const facts = request.facts ?? (await this.#facts.read(request.grant))
    try {
      return await this.#mint(request, this.#allowed(request, facts))
    } catch (error) {
      if (error instanceof MintRefused)
        await this.#deps.audit.record({
          ...this.#record(request),
          decision: 'refused',
          code: error.code,
          grant: request.grant,
          ...(facts ? { team: facts.team, environment: facts.environment } : {}),
        })
      throw error
    }
  }

  /** Everything that can be said without a lock. */
  #allowed(request: MintRequest, facts: MintFacts | undefined): MintFacts {
    const { workload, parent, binding } = request
    const nowMs = this.#deps.nowMs()
    if (!facts) throw unknownGrant()
    if (parent === undefined && workload !== undefined && facts.workload !== workload) throw unknownGrant()
    if (request.identityGrants && facts.workload === workload && !request.identityGrants.includes(facts.id)) throw unknownGrant()
    if (facts.state !== 'active' || (facts.expiresAtMs !== null && facts.expiresAtMs <= nowMs))
      throw new MintRefused('grant_ended', 'the grant has ended')
    if (facts.workloadState !== 'active') throw new MintRefused('workload_revoked', 'the workload was revoked')
    if (facts.tenantState === 'revoked') throw new MintRefused('tenant_revoked', 'the tenant was revoked')
    if (parent !== undefined) {
      if (workload === undefined || (workload !== facts.workload && !facts.delegates.includes(workload)))
        throw new MintRefused('not_a_delegate', 'the grant does not let this workload act under its tokens: add it to `delegates`')
      if (parent.depth >= limits.delegationDepthMax)
        throw new MintRefused('too_deep', `a token is handed on ${limits.delegationDepthMax} times at most`)
    }
    if (facts.requireDpop && binding?.kind !== 'dpop')
      throw new MintRefused('binding_required', 'the grant asks for tokens that are bound to a key: send a DPoP proof')
    if (facts.requireMtls && binding?.kind !== 'mtls')
      throw new MintRefused('certificate_required', 'the grant asks for tokens that are bound to a client certificate: present one')
    return facts
  }

  async #mint(request: MintRequest, facts: MintFacts): Promise<MintedAccessToken> {
    const { parent, binding, behalf } = request
    const nowMs = this.#deps.nowMs()
    const own = assuranceOf({ level: levelOf(request.method), attests: request.attests ?? false }, binding)
    const assurance = parent === undefined ? own : weaker(own, parent.token.assurance)
    if (facts.minimumAssurance !== null && !isAtLeast(assurance, facts.minimumAssurance))
      throw new MintRefused('assurance_too_low', `the grant asks for the assurance ${facts.minimumAssurance}, this would be ${assurance}`)
    const narrower = scopeOf(request, facts)
    const secondsLeft = Math.min(
      facts.expiresAtMs === null ? limits.tokenSecondsMax : Math.floor((facts.expiresAtMs - nowMs) / 1000),
      parent === undefined ? limits.tokenSecondsMax : Math.floor((parent.token.expiresAtMs - nowMs) / 1000),
    )
    const seconds = Math.min(request.ttlSeconds ?? facts.ttlSeconds, facts.ttlSeconds, secondsLeft)
    if (seconds < 1)
      throw new MintRefused('lifetime', parent === undefined ? 'the grant ends within a second' : 'its token ends within a second')

    const id = newId('token')
    const iat = Math.floor(nowMs / 1000)
    const scope = `grant:${facts.id}`
    const resource = `${this.#deps.issuer}/g/${facts.resourceName}`
    const holder = request.workload ?? facts.workload
    const delegated = holder !== facts.workload
    const subject = parent?.token.subject ?? behalf?.user ?? facts.workload
    const act = actorOf(request, facts)
    const user = behalf?.user ?? parent?.token.user
    const details =
      narrower === undefined ? undefined : [{ type: facts.resourceKind, locations: [resource], identifier: facts.id, ...narrower }]
    const token = signJwt(this.#deps.keys.signer(this.#deps.algorithm ?? 'ES256'), 'at+jwt', {
      iss: this.#deps.issuer,
      sub: subject,
      aud: resource,
      iat,
      exp: iat + seconds,
      jti: id,
      client_id: behalf?.client ?? holder,
      scope,
      grant: facts.id,
      workload: subject === facts.workload ? undefined : facts.workload,
      tenant: facts.tenant ?? undefined,
      identity: request.identity,
      assurance,
      act,
      // Where several may, the claim has no room for them (RFC 8693, section 4.4), and the grant says it alone.
      may_act: facts.delegates.length === 1 ? { sub: facts.delegates[0] } : undefined,
      authorization_details: details,
      cnf: binding === undefined ? undefined : binding.kind === 'dpop' ? { jkt: binding.thumbprint } : { 'x5t#S256': binding.thumbprint },
    })

    const code = await this.#commits.submit({
      id,
      facts,
      request,
      binding,
      user,
      actor: delegated ? holder : undefined,
      depth: parent === undefined ? 0 : parent.depth + 1,
      scope: narrower,
      assurance,
      issuedAt: new Date(iat * 1000),
      expiresAt: new Date((iat + seconds) * 1000),
      audit: rowOf({
        ...this.#record(request),
        decision: 'done',
        details: {
          method: request.method,
          seconds,
          assurance,
          binding: binding?.kind ?? 'none',
          ...(request.identity === undefined ? {} : { identity: request.identity }),
          ...(request.subject === undefined ? {} : { subject: request.subject.slice(0, subjectCharsMax) }),
          ...(parent === undefined ? {} : { parent: parent.token.id }),
          ...(behalf === undefined ? {} : { client: behalf.client, consent: behalf.consent }),
        },
      }),
    })
    if (code !== null) throw new MintRefused(code, refusedThere[code] ?? 'what it hangs on has ended')
    return {
      token,
      id,
      type: binding?.kind === 'dpop' ? 'DPoP' : 'Bearer',
      expiresInSeconds: seconds,
      scope,
      granted: narrower ?? facts.scope,
      grant: facts.id,
      assurance,
      act,
      resource,
      resourceKind: facts.resourceKind,
      provider: facts.provider,
      environment: facts.environment,
    }
  }

  #record(request: MintRequest) {
    return {
      action: request.parent === undefined ? 'token.mint' : 'token.exchange',
      actor:
        request.mintedBy !== undefined
          ? ({ kind: 'user', id: request.mintedBy } as const)
          : request.workload === undefined && request.behalf !== undefined
            ? ({ kind: 'user', id: request.behalf.user } as const)
            : ({ kind: 'workload', id: request.workload ?? null } as const),
      ...(request.correlationId === undefined ? {} : { correlationId: request.correlationId }),
      ...(request.personal === undefined ? {} : { personal: request.personal }),
    }
  }
}

function unknownGrant(): MintRefused {
  return new MintRefused('unknown_grant', 'there is no such grant for this workload')
}

/** What the token says beyond its grant; undefined where it says the same. */
function scopeOf({ scope, parent }: MintRequest, facts: MintFacts) {
  const above = parent?.token.narrowed ?? facts.scope
  if (scope === undefined) return parent?.token.narrowed
  const wider = whyWider(scope, facts.scope) ?? whyWider(scope, above)
  if (wider !== undefined) throw new MintRefused('scope_too_wide', wider)
  return narrowed(scope, above)
}

/** RFC 8693, section 4.1: the outermost is who acts now; what is nested is how it came to that. */
function actorOf({ parent, behalf, workload }: MintRequest, facts: MintFacts): Actor | undefined {
  if (behalf !== undefined) return { sub: facts.workload }
  if (parent === undefined || workload === undefined) return undefined
  const before = parent.token.act
  const current = before?.sub ?? parent.token.subject
  if (workload === current) return before
  return before === undefined ? { sub: workload } : { sub: workload, act: before }
}
