/** Collects the calls of one event-loop turn into one batch (DataLoader's idea, without its cache). */

export interface TurnBatchOptions {
  /** Items of a batch at most; more make another at the same time. */
  readonly maxItems: number
  /** When a turn ends: `send` is called once it has. Default: setImmediate, so after every promise callback of the turn. */
  readonly defer?: (send: () => void) => void
}

/**
 * @param load answers the items in their order; what it throws, every caller of the batch gets
 * @returns a function whose calls of one turn (all promise callbacks included) end in one `load`
 */
export function createTurnBatch<Item, Result>(
  load: (items: readonly Item[]) => Promise<readonly Result[]>,
  options: TurnBatchOptions,
): (item: Item) => Promise<Result> {
  const defer = options.defer ?? setImmediate
  let open: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = []

  function send(): void {
    const calls = open
    open = []
    load(calls.map((call) => call.item)).then(
      (results) => calls.forEach((call, i) => call.resolve(results[i] as Result)),
      (error: unknown) => calls.forEach((call) => call.reject(error)),
    )
  }

  return async (item) => {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    if (open.length === 0) defer(() => open.length > 0 && send())
    open.push({ item, resolve, reject })
    if (open.length >= options.maxItems) send()
    return await promise
  }
}
