import { limits } from '@keyward/contract/limits'
import { SignJWT } from 'jose'
import type { Audit } from '../audit/audit.ts'
import type { Database } from '../db/database.ts'
import { newId } from '../observe/ids.ts'
import type { SigningAlg, SigningKeys } from './signing-keys.ts'

export interface MintRequest {
  readonly grant: string
  /** The workload that asks, where one proved who it is: the grant must be its own. Absent when a person mints by hand. */
  readonly workload?: string
  readonly identity?: string
  /** How the asker proved who it is: `private_key_jwt`, `client_secret_basic`, `by_hand`. */
  readonly method: string
  /** The person who mints by hand. */
  readonly mintedBy?: string
  /** Thumbprint of the key that the token is to be bound to. */
  readonly boundTo?: string
  /** Shorter than the grant's own, never longer. */
  readonly ttlSeconds?: number
  readonly alg?: SigningAlg
  readonly correlationId?: string
  readonly personal?: { readonly user?: string; readonly ip?: string; readonly userAgent?: string }
}

export interface MintedAccessToken {
  readonly token: string
  readonly id: string
  readonly type: 'Bearer' | 'DPoP'
  readonly expiresInSeconds: number
  readonly scope: string
  /** The address of the resource that it is for, and what speaks there: a client that only knows its grant can set itself up from it. */
  readonly resource: string
  readonly resourceKind: string
  readonly provider: string | null
}

export type MintRefusalCode = 'unknown_grant' | 'grant_ended' | 'workload_revoked' | 'tenant_revoked' | 'binding_required' | 'lifetime'

/** Why no token was minted. Whether the caller may know more than "no" is the caller's to decide. */
export class MintRefused extends Error {
  readonly code: MintRefusalCode

  constructor(code: MintRefusalCode, message: string) {
    super(message)
    this.name = 'MintRefused'
    this.code = code
  }
}

interface Deps {
  readonly db: Database
  readonly keys: SigningKeys
  readonly audit: Pick<Audit, 'recordIn' | 'record'>
  readonly issuer: string
  nowMs(): number
}

/**
 * Mints access tokens (RFC 9068): one grant, one resource, one tenant, minutes. The record and its audit entry are durable before the
 * string leaves this class; the string itself is never stored.
 */
export class Minter {
  readonly #deps: Deps

  constructor(deps: Deps) {
    this.#deps = deps
  }

  async mint(request: MintRequest): Promise<MintedAccessToken> {
    const grant = await this.#deps.db
      .selectFrom('grants')
      .innerJoin('workloads', 'workloads.id', 'grants.workload_id')
      .innerJoin('owners', 'owners.id', 'workloads.owner')
      .innerJoin('resources', 'resources.id', 'grants.resource_id')
      .leftJoin('tenants', 'tenants.id', 'grants.tenant_id')
      .select([
        'grants.id',
        'grants.workload_id',
        'grants.resource_id',
        'grants.tenant_id',
        'grants.state',
        'grants.expires_at',
        'grants.ttl_seconds',
        'grants.require_dpop',
      ])
      .select([
        'workloads.state as workload_state',
        'workloads.environment',
        'resources.name as resource_name',
        'resources.kind as resource_kind',
        'resources.provider',
        'tenants.state as tenant_state',
      ])
      .select((eb) => eb.case().when('owners.kind', '=', 'team').then(eb.ref('owners.id')).else(eb.ref('owners.team')).end().as('team'))
      .where('grants.id', '=', request.grant)
      .executeTakeFirst()
    const nowMs = this.#deps.nowMs()
    try {
      if (!grant || (request.workload !== undefined && grant.workload_id !== request.workload))
        throw new MintRefused('unknown_grant', 'there is no such grant for this workload')
      if (grant.state !== 'active' || (grant.expires_at !== null && grant.expires_at.getTime() <= nowMs))
        throw new MintRefused('grant_ended', 'the grant has ended')
      if (grant.workload_state !== 'active') throw new MintRefused('workload_revoked', 'the workload was revoked')
      if (grant.tenant_state === 'revoked') throw new MintRefused('tenant_revoked', 'the tenant was revoked')
      if (grant.require_dpop && request.boundTo === undefined)
        throw new MintRefused('binding_required', 'the grant asks for tokens that are bound to a key: send a DPoP proof')
      const secondsLeft = grant.expires_at === null ? limits.tokenSecondsMax : Math.floor((grant.expires_at.getTime() - nowMs) / 1000)
      const seconds = Math.min(request.ttlSeconds ?? grant.ttl_seconds, grant.ttl_seconds, secondsLeft)
      if (seconds < 1) throw new MintRefused('lifetime', 'the grant ends within a second')

      const id = newId('token')
      const iat = Math.floor(nowMs / 1000)
      const scope = `grant:${grant.id}`
      const resource = `${this.#deps.issuer}/g/${grant.resource_name}`
      const signer = this.#deps.keys.signer(request.alg ?? 'ES256')
      const token = await new SignJWT({
        client_id: grant.workload_id,
        scope,
        grant: grant.id,
        ...(grant.tenant_id === null ? {} : { tenant: grant.tenant_id }),
        ...(request.identity === undefined ? {} : { identity: request.identity }),
        ...(request.boundTo === undefined ? {} : { cnf: { jkt: request.boundTo } }),
      })
        .setProtectedHeader({ alg: signer.alg, typ: 'at+jwt', kid: signer.kid })
        .setIssuer(this.#deps.issuer)
        .setSubject(grant.workload_id)
        .setAudience(resource)
        .setIssuedAt(iat)
        .setExpirationTime(iat + seconds)
        .setJti(id)
        .sign(signer.key)

      await this.#deps.db.transaction().execute(async (trx) => {
        // The locks make minting and revoking take turns: a token is either seen by the revocation or refused by it.
        const still = await trx
          .selectFrom('grants')
          .innerJoin('workloads', 'workloads.id', 'grants.workload_id')
          .select(['grants.state', 'workloads.state as workload_state'])
          .where('grants.id', '=', grant.id)
          .forShare()
          .executeTakeFirst()
        if (still?.state !== 'active') throw new MintRefused('grant_ended', 'the grant has ended')
        if (still.workload_state !== 'active') throw new MintRefused('workload_revoked', 'the workload was revoked')
        await trx
          .insertInto('tokens')
          .values({
            id,
            grant_id: grant.id,
            workload_id: grant.workload_id,
            resource_id: grant.resource_id,
            tenant_id: grant.tenant_id,
            identity_id: request.identity ?? null,
            parent: null,
            method: request.method,
            minted_by: request.mintedBy ?? null,
            bound_to: request.boundTo ?? null,
            issued_at: new Date(iat * 1000),
            expires_at: new Date((iat + seconds) * 1000),
          })
          .execute()
        await this.#deps.audit.recordIn(trx, {
          ...this.#record(request),
          decision: 'done',
          workload: grant.workload_id,
          token: id,
          grant: grant.id,
          resource: grant.resource_id,
          team: grant.team,
          environment: grant.environment,
          ...(grant.tenant_id === null ? {} : { tenant: grant.tenant_id }),
          details: { method: request.method, seconds, bound: request.boundTo !== undefined },
        })
      })
      return {
        token,
        id,
        type: request.boundTo === undefined ? 'Bearer' : 'DPoP',
        expiresInSeconds: seconds,
        scope,
        resource,
        resourceKind: grant.resource_kind,
        provider: grant.provider,
      }
    } catch (error) {
      if (error instanceof MintRefused)
        await this.#deps.audit.record({
          ...this.#record(request),
          decision: 'refused',
          code: error.code,
          grant: request.grant,
          ...(grant ? { team: grant.team, environment: grant.environment } : {}),
        })
      throw error
    }
  }

  #record(request: MintRequest) {
    return {
      action: 'token.mint',
      actor:
        request.mintedBy !== undefined
          ? ({ kind: 'user', id: request.mintedBy } as const)
          : ({ kind: 'workload', id: request.workload ?? null } as const),
      ...(request.correlationId === undefined ? {} : { correlationId: request.correlationId }),
      ...(request.personal === undefined ? {} : { personal: request.personal }),
    }
  }
}
