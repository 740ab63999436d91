import { z } from 'zod'
import { Budget, BudgetCreate, BudgetQuery, BudgetUpdate, Price, PriceCreate } from '../budgets.ts'
import { Grant, GrantCreate, GrantQuery, GrantUpdate, MintedToken, Token, TokenLineage, TokenMint, TokenQuery } from '../grants.ts'
import { idSchema } from '../ids.ts'
import { PageQuery, pageOf } from '../page.ts'
import {
  AuditEntry,
  AuditQuery,
  NodeStatus,
  Overview,
  Revocation,
  Revoke,
  UsageEvent,
  UsageQuery,
  UsageSummary,
  UsageSummaryQuery,
} from '../records.ts'
import { defineRoute } from '../route.ts'

const grantId = z.object({ id: idSchema('grant') })
export const grantRoutes = {
  list: defineRoute({
    id: 'grants.list',
    method: 'GET',
    path: '/api/v1/grants',
    summary: 'List grants',
    access: 'grant:read',
    query: GrantQuery,
    answer: pageOf(Grant),
    errors: ['invalid-cursor'],
  }),
  show: defineRoute({
    id: 'grants.show',
    method: 'GET',
    path: '/api/v1/grants/{id}',
    summary: 'One grant',
    access: 'grant:read',
    params: grantId,
    answer: Grant,
    etag: 'gives',
  }),
  create: defineRoute({
    id: 'grants.create',
    method: 'POST',
    path: '/api/v1/grants',
    summary: 'Let a workload use a resource',
    access: 'grant:create',
    body: GrantCreate,
    answer: Grant,
    status: 201,
    idempotent: true,
    etag: 'gives',
    errors: ['conflict', 'already-revoked'],
  }),
  update: defineRoute({
    id: 'grants.update',
    method: 'PATCH',
    path: '/api/v1/grants/{id}',
    summary: 'Change a grant; open tokens feel it at once',
    access: 'grant:update',
    params: grantId,
    body: GrantUpdate,
    answer: Grant,
    etag: 'needs',
    errors: ['already-revoked'],
  }),
  delete: defineRoute({
    id: 'grants.delete',
    method: 'DELETE',
    path: '/api/v1/grants/{id}',
    summary: 'Delete a revoked grant that has no live token',
    access: 'grant:delete',
    params: grantId,
    etag: 'needs',
    errors: ['in-use'],
  }),
  mint: defineRoute({
    id: 'grants.mint',
    method: 'POST',
    path: '/api/v1/grants/{id}/tokens',
    summary: 'Mint a token by hand',
    access: 'grant:mint',
    params: grantId,
    body: TokenMint,
    answer: MintedToken,
    status: 201,
    errors: ['already-revoked', 'conflict'],
  }),
  revoke: defineRoute({
    id: 'grants.revoke',
    method: 'POST',
    path: '/api/v1/grants/{id}/revoke',
    summary: 'End a grant and its tokens, now',
    access: 'grant:revoke',
    params: grantId,
    body: Revoke,
    answer: Revocation,
  }),
}

const tokenId = z.object({ id: idSchema('token') })
export const tokenRoutes = {
  list: defineRoute({
    id: 'tokens.list',
    method: 'GET',
    path: '/api/v1/tokens',
    summary: 'List token records',
    access: 'token:read',
    query: TokenQuery,
    answer: pageOf(Token),
    errors: ['invalid-cursor'],
  }),
  show: defineRoute({
    id: 'tokens.show',
    method: 'GET',
    path: '/api/v1/tokens/{id}',
    summary: 'One token record',
    access: 'token:read',
    params: tokenId,
    answer: Token,
  }),
  lineage: defineRoute({
    id: 'tokens.lineage',
    method: 'GET',
    path: '/api/v1/tokens/{id}/lineage',
    summary: 'Where a token comes from and what came of it: person, agent, token, sub-tokens',
    access: 'token:read',
    params: tokenId,
    answer: TokenLineage,
  }),
  revoke: defineRoute({
    id: 'tokens.revoke',
    method: 'POST',
    path: '/api/v1/tokens/{id}/revoke',
    summary: 'End a token and its descendants, now',
    access: 'token:revoke',
    params: tokenId,
    body: Revoke,
    answer: Revocation,
  }),
}

const budgetId = z.object({ id: idSchema('budget') })
export const budgetRoutes = {
  list: defineRoute({
    id: 'budgets.list',
    method: 'GET',
    path: '/api/v1/budgets',
    summary: 'List budgets with what is spent and held',
    access: 'budget:read',
    query: BudgetQuery,
    answer: pageOf(Budget),
    errors: ['invalid-cursor'],
  }),
  show: defineRoute({
    id: 'budgets.show',
    method: 'GET',
    path: '/api/v1/budgets/{id}',
    summary: 'One budget',
    access: 'budget:read',
    params: budgetId,
    answer: Budget,
    etag: 'gives',
  }),
  create: defineRoute({
    id: 'budgets.create',
    method: 'POST',
    path: '/api/v1/budgets',
    summary: 'Set a hard ceiling',
    access: 'budget:create',
    body: BudgetCreate,
    answer: Budget,
    status: 201,
    idempotent: true,
    etag: 'gives',
    errors: ['conflict'],
  }),
  update: defineRoute({
    id: 'budgets.update',
    method: 'PATCH',
    path: '/api/v1/budgets/{id}',
    summary: 'Change a ceiling; what is spent stays counted',
    access: 'budget:update',
    params: budgetId,
    body: BudgetUpdate,
    answer: Budget,
    etag: 'needs',
  }),
  delete: defineRoute({
    id: 'budgets.delete',
    method: 'DELETE',
    path: '/api/v1/budgets/{id}',
    summary: 'Remove a ceiling',
    access: 'budget:delete',
    params: budgetId,
    etag: 'needs',
    errors: ['in-use'],
  }),
}

const priceId = z.object({ id: idSchema('price') })
export const priceRoutes = {
  list: defineRoute({
    id: 'prices.list',
    method: 'GET',
    path: '/api/v1/prices',
    summary: 'List prices of our own, which go before the built-in table',
    access: 'price:read',
    query: PageQuery,
    answer: pageOf(Price),
    errors: ['invalid-cursor'],
  }),
  create: defineRoute({
    id: 'prices.create',
    method: 'POST',
    path: '/api/v1/prices',
    summary: 'Set a price',
    access: 'price:create',
    body: PriceCreate,
    answer: Price,
    status: 201,
    idempotent: true,
    errors: ['conflict'],
  }),
  delete: defineRoute({
    id: 'prices.delete',
    method: 'DELETE',
    path: '/api/v1/prices/{id}',
    summary: 'Remove a price of our own',
    access: 'price:delete',
    params: priceId,
  }),
}

export const usageRoutes = {
  list: defineRoute({
    id: 'usage.list',
    method: 'GET',
    path: '/api/v1/usage',
    summary: 'Settled calls, newest first',
    access: 'usage:read',
    query: UsageQuery,
    answer: pageOf(UsageEvent),
    errors: ['invalid-cursor'],
  }),
  summary: defineRoute({
    id: 'usage.summary',
    method: 'GET',
    path: '/api/v1/usage/summary',
    summary: 'Sums of usage over time or by what used it',
    access: 'usage:read',
    query: UsageSummaryQuery,
    answer: UsageSummary,
  }),
}

export const auditRoutes = {
  list: defineRoute({
    id: 'audit.list',
    method: 'GET',
    path: '/api/v1/audit',
    summary: 'Audit entries, newest first',
    access: 'audit:read',
    query: AuditQuery,
    answer: pageOf(AuditEntry),
    errors: ['invalid-cursor'],
  }),
}

export const overviewRoutes = {
  show: defineRoute({
    id: 'overview.show',
    method: 'GET',
    path: '/api/v1/overview',
    summary: 'What the first page shows',
    access: 'overview:read',
    answer: Overview,
  }),
}

export const nodeRoutes = {
  list: defineRoute({
    id: 'nodes.list',
    method: 'GET',
    path: '/api/v1/nodes',
    summary: 'The nodes on this database, and how fast each hears revocations',
    access: 'node:read',
    answer: z.object({ items: z.array(NodeStatus) }),
  }),
}
