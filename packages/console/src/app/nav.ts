import type { Permission } from '@keyward/contract/permissions'
import type { LucideIcon } from 'lucide-react'
import {
  Activity,
  BadgeCheck,
  Building2,
  ChartNoAxesColumn,
  CircleUser,
  Gauge,
  KeyRound,
  Layers,
  Plug,
  ScanSearch,
  ScrollText,
  Server,
  Settings,
  Tag,
  Ticket,
  UserCheck,
  Users,
  Wallet,
  Workflow,
} from 'lucide-react'

export interface NavItem {
  readonly to: string
  readonly text: string
  readonly icon: LucideIcon
  readonly needs: Permission
  /** After `g`. */
  readonly key: string
}

export interface NavGroup {
  readonly title: string
  readonly items: readonly NavItem[]
}

export const navGroups: readonly NavGroup[] = [
  {
    title: 'Now',
    items: [
      { to: '/', text: 'Overview', icon: Gauge, needs: 'overview:read', key: 'o' },
      { to: '/calls', text: 'Live calls', icon: Activity, needs: 'usage:read', key: 'l' },
      { to: '/spend', text: 'Spend', icon: ChartNoAxesColumn, needs: 'usage:read', key: 's' },
    ],
  },
  {
    title: 'Access',
    items: [
      { to: '/credentials', text: 'Credentials', icon: KeyRound, needs: 'credential:read', key: 'c' },
      { to: '/discovery', text: 'Discovery', icon: ScanSearch, needs: 'detection:read', key: 'd' },
      { to: '/resources', text: 'Resources', icon: Server, needs: 'resource:read', key: 'r' },
      { to: '/workloads', text: 'Workloads', icon: Workflow, needs: 'workload:read', key: 'w' },
      { to: '/issuers', text: 'Issuers', icon: BadgeCheck, needs: 'issuer:read', key: 'i' },
      { to: '/grants', text: 'Grants', icon: Ticket, needs: 'grant:read', key: 'g' },
      { to: '/connected', text: 'Connected apps', icon: Plug, needs: 'overview:read', key: 'm' },
      { to: '/budgets', text: 'Budgets', icon: Wallet, needs: 'budget:read', key: 'b' },
    ],
  },
  {
    title: 'Organisation',
    items: [
      { to: '/owners', text: 'Owners & teams', icon: Users, needs: 'owner:read', key: 'n' },
      { to: '/tenants', text: 'Tenants', icon: Building2, needs: 'tenant:read', key: 't' },
      { to: '/environments', text: 'Environments', icon: Layers, needs: 'environment:read', key: 'e' },
      { to: '/prices', text: 'Prices', icon: Tag, needs: 'price:read', key: 'p' },
      { to: '/users', text: 'Users & roles', icon: CircleUser, needs: 'user:read', key: 'u' },
      { to: '/settings', text: 'Settings', icon: Settings, needs: 'setting:read', key: 'x' },
    ],
  },
  {
    title: 'Evidence',
    items: [
      { to: '/audit', text: 'Audit', icon: ScrollText, needs: 'audit:read', key: 'a' },
      { to: '/second-opinions', text: 'Second opinions', icon: UserCheck, needs: 'second_opinion:read', key: 'v' },
    ],
  },
]
