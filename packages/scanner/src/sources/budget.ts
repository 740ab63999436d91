/** Levels of archives within archives. */
export const nestingMax = 8
/** Members of all archives of one outermost file. */
const membersMax = 200_000
/** What one outermost file may expand to: at least the floor, and so many times its own size. Real archives stay under 100 times. */
const expandedBytesFloor = 268_435_456
const expandedRatioMax = 200
/** No single file expands to more than this. */
const expandedBytesMax = 34_359_738_368

/** What is left of one outermost file's right to expand. Shared by all archives nested in it: that is what stops a zip bomb. */
export class Budget {
  #bytesLeft: number
  #membersLeft = membersMax
  #exhausted: string | undefined

  constructor(fileBytes: number) {
    this.#bytesLeft = Math.min(expandedBytesMax, Math.max(expandedBytesFloor, fileBytes * expandedRatioMax))
  }

  /** Takes from the budget; false where it is used up. */
  takeBytes(count: number): boolean {
    this.#bytesLeft -= count
    if (this.#bytesLeft < 0) this.#exhausted ??= 'expands to more than its bound'
    return this.#bytesLeft >= 0
  }

  takeMember(): boolean {
    this.#membersLeft--
    if (this.#membersLeft < 0) this.#exhausted ??= `has more than ${membersMax} members`
    return this.#membersLeft >= 0
  }

  /** Why it was used up. */
  get exhausted(): string | undefined {
    return this.#exhausted
  }
}
