import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { RouteFailure } from './route-failure.tsx'
import { Shell } from './shell.tsx'

/** The query of an address: texts alone, and nothing secret ever. */
function texts(search: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(search).flatMap(([key, value]) => (value === undefined || value === null ? [] : [[key, String(value)]])),
  )
}

const root = createRootRoute({ validateSearch: texts })
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('../pages/sign-in/sign-in-page.tsx')),
})
const providerReturn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in/callback/$provider',
  component: lazyRouteComponent(() => import('../pages/sign-in/provider-return-page.tsx')),
})
const welcome = createRoute({
  getParentRoute: () => root,
  path: '/welcome',
  component: lazyRouteComponent(() => import('../pages/sign-in/welcome-page.tsx')),
})
const authorize = createRoute({
  getParentRoute: () => root,
  path: '/authorize',
  component: lazyRouteComponent(() => import('../pages/authorize/authorize-page.tsx')),
})
const device = createRoute({
  getParentRoute: () => root,
  path: '/device',
  component: lazyRouteComponent(() => import('../pages/device/device-page.tsx')),
})
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })

function page<const Path extends string>(path: Path, load: () => Promise<{ default: () => React.ReactNode }>) {
  return createRoute({ getParentRoute: () => shell, path, component: lazyRouteComponent(load) })
}

const pages = [
  page('/', () => import('../pages/overview/overview-page.tsx')),
  page('/start', () => import('../pages/start/start-page.tsx')),
  page('/calls', () => import('../pages/calls/calls-page.tsx')),
  page('/spend', () => import('../pages/spend/spend-page.tsx')),
  page('/audit', () => import('../pages/audit/audit-page.tsx')),
  page('/credentials', () => import('../pages/credentials/credentials-page.tsx')),
  page('/credentials/$id', () => import('../pages/credentials/credential-page.tsx')),
  page('/discovery', () => import('../pages/discovery/discovery-page.tsx')),
  page('/resources', () => import('../pages/resources/resources-page.tsx')),
  page('/resources/$id', () => import('../pages/resources/resource-page.tsx')),
  page('/workloads', () => import('../pages/workloads/workloads-page.tsx')),
  page('/workloads/$id', () => import('../pages/workloads/workload-page.tsx')),
  page('/workloads/$id/identity', () => import('../pages/workloads/identity-page.tsx')),
  page('/issuers', () => import('../pages/issuers/issuers-page.tsx')),
  page('/issuers/$id', () => import('../pages/issuers/issuer-page.tsx')),
  page('/tokens/$id', () => import('../pages/tokens/token-page.tsx')),
  page('/grants', () => import('../pages/grants/grants-page.tsx')),
  page('/grants/$id', () => import('../pages/grants/grant-page.tsx')),
  page('/budgets', () => import('../pages/budgets/budgets-page.tsx')),
  page('/budgets/$id', () => import('../pages/budgets/budget-page.tsx')),
  page('/owners', () => import('../pages/owners/owners-page.tsx')),
  page('/owners/$id', () => import('../pages/owners/owner-page.tsx')),
  page('/tenants', () => import('../pages/tenants/tenants-page.tsx')),
  page('/tenants/$id', () => import('../pages/tenants/tenant-page.tsx')),
  page('/environments', () => import('../pages/environments/environments-page.tsx')),
  page('/prices', () => import('../pages/prices/prices-page.tsx')),
  page('/users', () => import('../pages/users/users-page.tsx')),
  page('/users/$id', () => import('../pages/users/user-page.tsx')),
  page('/connected', () => import('../pages/connected/connected-page.tsx')),
  page('/settings', () => import('../pages/settings/settings-page.tsx')),
  page('/second-opinions', () => import('../pages/second-opinions/second-opinions-page.tsx')),
  page('/account', () => import('../pages/account/account-page.tsx')),
] as const

export const router = createRouter({
  routeTree: root.addChildren([signIn, providerReturn, welcome, authorize, device, shell.addChildren(pages)]),
  defaultPreload: 'intent',
  scrollRestoration: true,
  defaultErrorComponent: RouteFailure,
  defaultNotFoundComponent: NotFound,
})

function NotFound() {
  return (
    <div className="px-6 py-24 text-center">
      <h1 className="text-xl font-semibold">There is no such page</h1>
      <p className="mt-1 text-soft">
        The address may be old.{' '}
        <a href="/" className="text-accent-strong underline">
          To the overview
        </a>
      </p>
    </div>
  )
}

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
