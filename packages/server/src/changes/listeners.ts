/** Listeners that are called synchronously, in the order in which they were added. One that throws does not keep the others from hearing. */
export class Listeners<Event> {
  readonly #listeners = new Set<(event: Event) => void>()

  /** @returns the way to end it */
  add(listener: (event: Event) => void): () => void {
    // A function of its own, so that the same listener may be added twice.
    const own = (event: Event) => listener(event)
    this.#listeners.add(own)
    return () => this.#listeners.delete(own)
  }

  tell(event: Event, onError: (error: unknown, listener: (event: Event) => void) => void): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event)
      } catch (error) {
        onError(error, listener)
      }
    }
  }
}
