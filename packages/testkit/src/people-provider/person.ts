/** Somebody who has an account at the provider. */
export interface Person {
  sub: string
  name: string
  email?: string
  email_verified?: boolean
  groups?: string[]
}
