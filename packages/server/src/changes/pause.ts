/** A wait that can be ended early. A `wake` that comes while nobody waits ends the next wait at once: no hint is lost. */
export class Pause {
  #woken = false
  #end: (() => void) | undefined

  async for(ms: number): Promise<void> {
    if (!this.#woken && ms > 0)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms)
        this.#end = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    this.#end = undefined
    this.#woken = false
  }

  wake(): void {
    this.#woken = true
    this.#end?.()
  }
}
