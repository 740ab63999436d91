/** One page of a list, as the server answers it. */
export interface Page<Item> {
  readonly items: Item[]
  readonly next_cursor: string | null
}

/**
 * A list that has not been asked for yet: `await` gives its first page, `for await` goes through all items of all pages, asking for each page
 * when it is needed.
 */
export class Listing<Item> implements PromiseLike<Page<Item>>, AsyncIterable<Item> {
  readonly #ask: (cursor: string | undefined) => Promise<Page<Item>>

  constructor(ask: (cursor: string | undefined) => Promise<Page<Item>>) {
    this.#ask = ask
  }

  // biome-ignore lint/suspicious/noThenProperty: it is meant to be awaited
  then<A = Page<Item>, B = never>(
    onDone?: ((page: Page<Item>) => A | PromiseLike<A>) | null,
    onFailed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#ask(undefined).then(onDone, onFailed)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void> {
    for await (const page of this.pages()) yield* page.items
  }

  /** Page by page. */
  async *pages(): AsyncGenerator<Page<Item>, void> {
    let cursor: string | undefined
    do {
      const page = await this.#ask(cursor)
      yield page
      cursor = page.next_cursor ?? undefined
    } while (cursor !== undefined)
  }
}
