import { z } from 'zod'
import {
  IdentityProvider,
  IdentityProviderCreate,
  IdentityProviderQuery,
  IdentityProviderUpdate,
  ProviderLinkStart,
  ProviderSignInFinish,
  ProviderSignInFinished,
  ProviderSignInStart,
  ProviderSignInStarted,
  SignInProvider,
  UserLink,
  UserLinkCreate,
} from '../identity-providers.ts'
import { idSchema } from '../ids.ts'
import { pageOf } from '../page.ts'
import { defineRoute } from '../route.ts'
import {
  SecondOpinion,
  SecondOpinionApprove,
  SecondOpinionQuery,
  SecondOpinionRefuse,
  Settings,
  SettingsUpdate,
} from '../second-opinions.ts'

const providerId = z.object({ id: idSchema('identityProvider') })

export const identityProviderRoutes = {
  list: defineRoute({
    id: 'identity_providers.list',
    method: 'GET',
    path: '/api/v1/identity-providers',
    summary: 'List identity providers',
    access: 'identity_provider:read',
    query: IdentityProviderQuery,
    answer: pageOf(IdentityProvider),
    errors: ['invalid-cursor'],
  }),
  show: defineRoute({
    id: 'identity_providers.show',
    method: 'GET',
    path: '/api/v1/identity-providers/{id}',
    summary: 'One identity provider',
    access: 'identity_provider:read',
    params: providerId,
    answer: IdentityProvider,
    etag: 'gives',
  }),
  create: defineRoute({
    id: 'identity_providers.create',
    method: 'POST',
    path: '/api/v1/identity-providers',
    summary: 'Add an identity provider; its discovery document is read at once',
    access: 'identity_provider:create',
    body: IdentityProviderCreate,
    answer: IdentityProvider,
    status: 201,
    idempotent: true,
    etag: 'gives',
    fresh: true,
    errors: ['conflict'],
  }),
  update: defineRoute({
    id: 'identity_providers.update',
    method: 'PATCH',
    path: '/api/v1/identity-providers/{id}',
    summary: 'Change an identity provider',
    access: 'identity_provider:update',
    params: providerId,
    body: IdentityProviderUpdate,
    answer: IdentityProvider,
    etag: 'needs',
    fresh: true,
    errors: ['conflict'],
  }),
  delete: defineRoute({
    id: 'identity_providers.delete',
    method: 'DELETE',
    path: '/api/v1/identity-providers/{id}',
    summary: 'Delete an identity provider, with its sessions, roles and links to users',
    access: 'identity_provider:delete',
    params: providerId,
    etag: 'needs',
    fresh: true,
    errors: ['conflict'],
  }),
}

const failed = ['provider-sign-in-failed', 'too-many-requests'] as const

/** Signing in by a provider. The answers set or end cookies. */
export const providerSignInRoutes = {
  list: defineRoute({
    id: 'sign_in.providers',
    method: 'GET',
    path: '/api/v1/sign-in/providers',
    summary: 'Providers to sign in with',
    access: 'public',
    answer: z.object({ items: z.array(SignInProvider) }),
  }),
  start: defineRoute({
    id: 'sign_in.provider_start',
    method: 'POST',
    path: '/api/v1/sign-in/provider',
    summary: 'Begin to sign in by a provider',
    access: 'public',
    body: ProviderSignInStart,
    answer: ProviderSignInStarted,
    errors: failed,
  }),
  finish: defineRoute({
    id: 'sign_in.provider_finish',
    method: 'POST',
    path: '/api/v1/sign-in/provider/finish',
    summary: 'Finish it with what the provider sent back',
    access: 'public',
    body: ProviderSignInFinish,
    answer: ProviderSignInFinished,
    errors: failed,
  }),
}

export const myLinkRoutes = {
  list: defineRoute({
    id: 'me.list_provider_links',
    method: 'GET',
    path: '/api/v1/me/provider-links',
    summary: 'Providers that are connected to my account',
    access: 'signed-in',
    answer: z.object({ items: z.array(UserLink) }),
  }),
  start: defineRoute({
    id: 'me.link_provider',
    method: 'POST',
    path: '/api/v1/me/provider-links',
    summary: 'Begin to connect a provider to my account',
    access: 'signed-in',
    body: ProviderLinkStart,
    answer: ProviderSignInStarted,
    fresh: true,
    errors: failed,
  }),
  remove: defineRoute({
    id: 'me.unlink_provider',
    method: 'DELETE',
    path: '/api/v1/me/provider-links/{id}',
    summary: 'Disconnect a provider from my account; the roles that its groups gave end',
    access: 'signed-in',
    params: providerId,
    fresh: true,
    errors: ['conflict'],
  }),
}

const userId = z.object({ id: idSchema('user') })

export const userLinkRoutes = {
  list: defineRoute({
    id: 'users.list_provider_links',
    method: 'GET',
    path: '/api/v1/users/{id}/provider-links',
    summary: 'Providers that are connected to a user',
    access: 'user:read',
    params: userId,
    answer: z.object({ items: z.array(UserLink) }),
  }),
  add: defineRoute({
    id: 'users.link_provider',
    method: 'POST',
    path: '/api/v1/users/{id}/provider-links',
    summary: "Connect a user to a provider by the provider's own id of them",
    access: 'user:update',
    params: userId,
    body: UserLinkCreate,
    answer: UserLink,
    status: 201,
    fresh: true,
    errors: ['conflict'],
  }),
  remove: defineRoute({
    id: 'users.unlink_provider',
    method: 'DELETE',
    path: '/api/v1/users/{id}/provider-links/{provider}',
    summary: 'Disconnect a user from a provider; the roles that its groups gave end',
    access: 'user:update',
    params: userId.extend({ provider: idSchema('identityProvider') }),
    fresh: true,
    errors: ['conflict'],
  }),
}

const opinionId = z.object({ id: idSchema('secondOpinion') })

export const secondOpinionRoutes = {
  list: defineRoute({
    id: 'second_opinions.list',
    method: 'GET',
    path: '/api/v1/second-opinions',
    summary: 'Acts that wait for, or had, the decision of another admin',
    access: 'second_opinion:read',
    query: SecondOpinionQuery,
    answer: pageOf(SecondOpinion),
    errors: ['invalid-cursor'],
  }),
  show: defineRoute({
    id: 'second_opinions.show',
    method: 'GET',
    path: '/api/v1/second-opinions/{id}',
    summary: 'One of them',
    access: 'second_opinion:read',
    params: opinionId,
    answer: SecondOpinion,
  }),
  approve: defineRoute({
    id: 'second_opinions.approve',
    method: 'POST',
    path: '/api/v1/second-opinions/{id}/approve',
    summary: 'Say yes: whoever asked can do it, once',
    access: 'second_opinion:decide',
    params: opinionId,
    body: SecondOpinionApprove,
    answer: SecondOpinion,
    fresh: true,
    errors: ['conflict'],
  }),
  refuse: defineRoute({
    id: 'second_opinions.refuse',
    method: 'POST',
    path: '/api/v1/second-opinions/{id}/refuse',
    summary: 'Say no, with a reason',
    access: 'second_opinion:decide',
    params: opinionId,
    body: SecondOpinionRefuse,
    answer: SecondOpinion,
    errors: ['conflict'],
  }),
}

export const settingRoutes = {
  show: defineRoute({
    id: 'settings.show',
    method: 'GET',
    path: '/api/v1/settings',
    summary: 'Settings of the installation',
    access: 'setting:read',
    answer: Settings,
  }),
  update: defineRoute({
    id: 'settings.update',
    method: 'PATCH',
    path: '/api/v1/settings',
    summary: 'Change settings of the installation',
    access: 'setting:update',
    body: SettingsUpdate,
    answer: Settings,
    fresh: true,
    errors: ['conflict'],
  }),
}
