import { z } from 'zod'
import {
  AuthorizationAnswer,
  AuthorizationDecision,
  AuthorizationRequest,
  AuthorizationRequestRead,
  Consent,
  ConsentQuery,
  ConsentRevoke,
  MyConsentQuery,
} from '../consents.ts'
import { DeviceLogin, DeviceLoginDecision, DeviceLoginFind } from '../device.ts'
import { idSchema } from '../ids.ts'
import { OAuthClient, OAuthClientCreate, OAuthClientQuery, OAuthClientUpdate } from '../oauth-clients.ts'
import { pageOf } from '../page.ts'
import { Revoke } from '../records.ts'
import { defineRoute } from '../route.ts'

const clientId = z.object({ id: idSchema('oauthClient') })
export const oauthClientRoutes = {
  list: defineRoute({
    id: 'oauth_clients.list',
    method: 'GET',
    path: '/api/v1/oauth-clients',
    summary: 'List registered clients of people’s agents',
    access: 'oauth_client:read',
    query: OAuthClientQuery,
    answer: pageOf(OAuthClient),
    errors: ['invalid-cursor'],
  }),
  show: defineRoute({
    id: 'oauth_clients.show',
    method: 'GET',
    path: '/api/v1/oauth-clients/{id}',
    summary: 'One registered client',
    access: 'oauth_client:read',
    params: clientId,
    answer: OAuthClient,
    etag: 'gives',
  }),
  create: defineRoute({
    id: 'oauth_clients.create',
    method: 'POST',
    path: '/api/v1/oauth-clients',
    summary: 'Register a client that people may connect',
    access: 'oauth_client:create',
    body: OAuthClientCreate,
    answer: OAuthClient,
    status: 201,
    idempotent: true,
    etag: 'gives',
    fresh: true,
    errors: ['conflict'],
  }),
  update: defineRoute({
    id: 'oauth_clients.update',
    method: 'PATCH',
    path: '/api/v1/oauth-clients/{id}',
    summary: 'Change a registered client',
    access: 'oauth_client:update',
    params: clientId,
    body: OAuthClientUpdate,
    answer: OAuthClient,
    etag: 'needs',
    fresh: true,
    errors: ['conflict', 'already-revoked'],
  }),
  revoke: defineRoute({
    id: 'oauth_clients.revoke',
    method: 'POST',
    path: '/api/v1/oauth-clients/{id}/revoke',
    summary: 'Revoke a client: every consent to it and all of its tokens end',
    access: 'oauth_client:revoke',
    params: clientId,
    body: Revoke,
    answer: OAuthClient,
  }),
}

const consentId = z.object({ id: idSchema('consent') })
export const consentRoutes = {
  list: defineRoute({
    id: 'consents.list',
    method: 'GET',
    path: '/api/v1/consents',
    summary: 'Clients that people have connected',
    access: 'consent:read',
    query: ConsentQuery,
    answer: pageOf(Consent),
    errors: ['invalid-cursor'],
  }),
  show: defineRoute({
    id: 'consents.show',
    method: 'GET',
    path: '/api/v1/consents/{id}',
    summary: 'One consent',
    access: 'consent:read',
    params: consentId,
    answer: Consent,
  }),
  revoke: defineRoute({
    id: 'consents.revoke',
    method: 'POST',
    path: '/api/v1/consents/{id}/revoke',
    summary: 'End a consent: its access and refresh tokens are refused at once',
    access: 'consent:revoke',
    params: consentId,
    body: Revoke,
    answer: Consent,
  }),
}

/** What people do with the clients that they connected themselves. */
export const myConsentRoutes = {
  list: defineRoute({
    id: 'my_consents.list',
    method: 'GET',
    path: '/api/v1/me/consents',
    summary: 'Clients that I connected',
    access: 'signed-in',
    query: MyConsentQuery,
    answer: pageOf(Consent),
    errors: ['invalid-cursor'],
  }),
  revoke: defineRoute({
    id: 'my_consents.revoke',
    method: 'POST',
    path: '/api/v1/me/consents/{id}/revoke',
    summary: 'Disconnect a client of mine',
    access: 'signed-in',
    params: consentId,
    body: ConsentRevoke,
    answer: Consent,
  }),
}

/** What the console's consent page asks; only a person in a browser may. */
export const authorizationRoutes = {
  read: defineRoute({
    id: 'authorization_requests.read',
    method: 'POST',
    path: '/api/v1/authorization-requests/read',
    summary: 'Who asks for what, and under which of my grants',
    access: 'signed-in',
    body: AuthorizationRequestRead,
    answer: AuthorizationRequest,
    errors: ['too-many-requests'],
  }),
  decide: defineRoute({
    id: 'authorization_requests.decide',
    method: 'POST',
    path: '/api/v1/authorization-requests/decide',
    summary: 'Allow or deny it: answers where the browser goes',
    access: 'signed-in',
    body: AuthorizationDecision,
    answer: AuthorizationAnswer,
    errors: ['conflict', 'too-many-requests'],
  }),
}

/** RFC 8628: what the console's device page asks; only a person in a browser may. */
export const deviceLoginRoutes = {
  find: defineRoute({
    id: 'device_logins.find',
    method: 'POST',
    path: '/api/v1/device-logins/find',
    summary: 'Which machine shows this code',
    access: 'signed-in',
    body: DeviceLoginFind,
    answer: DeviceLogin,
    errors: ['not-found', 'too-many-requests'],
  }),
  decide: defineRoute({
    id: 'device_logins.decide',
    method: 'POST',
    path: '/api/v1/device-logins/decide',
    summary: 'Let that machine act as me, or not',
    access: 'signed-in',
    body: DeviceLoginDecision,
    errors: ['not-found', 'too-many-requests'],
  }),
}
