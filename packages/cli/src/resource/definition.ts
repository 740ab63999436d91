import type { TableColumn } from '../output/table.ts'
import type { Parser } from './parsers.ts'

export type Row = Readonly<Record<string, unknown>>

/** A column of a list: the field that it shows, by name or made from the row. */
export interface Column extends TableColumn {
  readonly value: string | ((row: Row) => unknown)
}

/** A flag of `list` that narrows it. */
export interface Filter {
  /** Without dashes; the query parameter is the same with underscores. */
  readonly flag: string
  readonly text: string
  readonly parse: Parser
}

/** A flag of `create` and `update`, and the body field that it sets. */
export interface Field {
  /** Without dashes. */
  readonly flag: string
  /** What stands after it in the help: `name`, `a,b`. Absent: it takes no value. */
  readonly value?: string
  /** Where it goes in the body; a dot goes one level down. Default: the flag with underscores. */
  readonly path?: string
  readonly text: string
  readonly parse: Parser
  readonly on?: 'create' | 'update'
  readonly required?: boolean
  /** May be given several times; the body has a list. */
  readonly repeats?: boolean
  /** `update --clear` can empty it. */
  readonly clears?: boolean
  /** A switch: what it sets. With `negates`, `--no-FLAG` sets false. */
  readonly sets?: unknown
  readonly negates?: boolean
}

export type Act = 'list' | 'show' | 'create' | 'update' | 'delete' | 'revoke'

/** What the commands of one resource are made from. */
export interface ResourceDefinition {
  /** The command: `credential`. */
  readonly name: string
  /** For people: `credentials`. */
  readonly plural: string
  /** The group of the contract's route table. */
  readonly group:
    | 'credentials'
    | 'owners'
    | 'tenants'
    | 'environments'
    | 'workloads'
    | 'issuers'
    | 'resources'
    | 'grants'
    | 'tokens'
    | 'budgets'
    | 'prices'
    | 'users'
    | 'detections'
    | 'identityProviders'
    | 'oauthClients'
    | 'consents'
  readonly summary: string
  /** What identifies one, in its address. */
  readonly key: 'id' | 'name'
  readonly acts: readonly Act[]
  readonly columns: readonly Column[]
  readonly filters: readonly Filter[]
  readonly fields: readonly Field[]
  /** Said where a list is empty: what to do next. */
  readonly whenEmpty: string
  /** Its creation takes a secret: what to call it at the prompt. */
  readonly secret?: string
  /** The body field of that secret. Default: `secret`. */
  readonly secretField?: string
  /** Its acts can need another admin's yes. */
  readonly secondOpinion?: boolean
  /** Fills in what a creation did not say; changes nothing that was said. */
  complete?(given: Readonly<Record<string, unknown>>): Record<string, unknown>
}
