/** The pub/sub channel that tells query processes to drop memory entries early: for latency only, correctness never depends on it. */

export const DROP_CHANNEL = 'catalog:drop'

/** What apply.lua publishes in the moment of the change: product ids, joined by commas. */
export function decodeDrop(message: string): readonly string[] {
  return message.split(',')
}
