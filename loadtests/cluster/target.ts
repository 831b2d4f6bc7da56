/** How a fault names what it hits: `redis`, `query` (all of them), `query-2`, and edges such as `query>redis` or `*>primary`. */

/** A part's own name, or what stands before its number, or anything. */
function partMatches(pattern: string, name: string): boolean {
  return pattern === '*' || pattern === name || (name.startsWith(`${pattern}-`) && /^\d+$/.test(name.slice(pattern.length + 1)))
}

export function isEdge(pattern: string): boolean {
  return pattern.includes('>')
}

/** @returns those of `names` that the pattern names. @throws Error when there is none: a fault that hits nothing shows nothing */
export function matching(pattern: string, names: readonly string[]): readonly string[] {
  const [from = '', to] = pattern.split('>')
  const found = names.filter((name) => {
    const [nameFrom = '', nameTo] = name.split('>')
    if (to === undefined || nameTo === undefined) return to === nameTo && partMatches(from, nameFrom)
    return partMatches(from, nameFrom) && partMatches(to, nameTo)
  })
  if (found.length === 0) throw new Error(`Expected a target like one of ${names.join(', ')}, not "${pattern}"`)
  return found
}
