import { z } from 'zod'
import { idSchema } from '../ids.ts'
import { Issuer, IssuerCreate, IssuerQuery, IssuerUpdate, TrustAssess, TrustAssessment, TrustTry, TrustTryResult } from '../issuers.ts'
import { pageOf } from '../page.ts'
import { Revocation, Revoke } from '../records.ts'
import { defineRoute } from '../route.ts'

const issuerId = z.object({ id: idSchema('issuer') })

/** Who may vouch for workloads, and what trust rules make of it. */
export const issuerRoutes = {
  list: defineRoute({
    id: 'issuers.list',
    method: 'GET',
    path: '/api/v1/issuers',
    summary: 'List trusted issuers',
    access: 'issuer:read',
    query: IssuerQuery,
    answer: pageOf(Issuer),
    errors: ['invalid-cursor'],
  }),
  show: defineRoute({
    id: 'issuers.show',
    method: 'GET',
    path: '/api/v1/issuers/{id}',
    summary: 'One trusted issuer',
    access: 'issuer:read',
    params: issuerId,
    answer: Issuer,
    etag: 'gives',
  }),
  create: defineRoute({
    id: 'issuers.create',
    method: 'POST',
    path: '/api/v1/issuers',
    summary: 'Trust an issuer: OIDC, a SPIFFE trust domain, or a certificate authority',
    access: 'issuer:create',
    body: IssuerCreate,
    answer: Issuer,
    status: 201,
    idempotent: true,
    etag: 'gives',
    errors: ['conflict', 'fresh-auth-required'],
  }),
  update: defineRoute({
    id: 'issuers.update',
    method: 'PATCH',
    path: '/api/v1/issuers/{id}',
    summary: 'Change where its keys come from, or what is known of it',
    access: 'issuer:update',
    params: issuerId,
    body: IssuerUpdate,
    answer: Issuer,
    etag: 'needs',
    errors: ['conflict', 'already-revoked', 'fresh-auth-required'],
  }),
  delete: defineRoute({
    id: 'issuers.delete',
    method: 'DELETE',
    path: '/api/v1/issuers/{id}',
    summary: 'Delete an issuer that no trust rule relies on',
    access: 'issuer:delete',
    params: issuerId,
    etag: 'needs',
    errors: ['in-use'],
  }),
  revoke: defineRoute({
    id: 'issuers.revoke',
    method: 'POST',
    path: '/api/v1/issuers/{id}/revoke',
    summary: 'Trust an issuer no more: its trust rules and all tokens that they obtained end, now',
    access: 'issuer:revoke',
    params: issuerId,
    body: Revoke,
    answer: Revocation,
  }),
  try: defineRoute({
    id: 'issuers.try',
    method: 'POST',
    path: '/api/v1/issuers/try',
    summary: 'Which trust rule a token or its claims would match, and why not. Nothing is minted, nothing is stored',
    access: 'issuer:try',
    body: TrustTry,
    answer: TrustTryResult,
  }),
  assess: defineRoute({
    id: 'issuers.assess',
    method: 'POST',
    path: '/api/v1/issuers/{id}/assess',
    summary: 'What a trust rule with these conditions would match too much of, before it is made',
    access: 'issuer:try',
    params: issuerId,
    body: TrustAssess,
    answer: TrustAssessment,
  }),
}
