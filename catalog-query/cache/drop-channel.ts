/** The pub/sub channel that tells query processes to drop memory entries early: for latency only, correctness never depends on it. */

export const DROP_CHANNEL = 'catalog:drop'

/** Product ids, joined by commas. */
export function encodeDrop(productIds: readonly string[]): string {
  return productIds.join(',')
}

export function decodeDrop(message: string): readonly string[] {
  return message.split(',')
}
