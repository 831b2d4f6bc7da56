/** Which methods a path answers to: what a 405 and an OPTIONS say in `Allow`. */
import type { FastifyInstance } from 'fastify'

/** @returns the methods of every route that matches the path, sorted; none when the path is unknown */
export type FindMethods = (path: string) => readonly string[]

/** Call it before the first route is added: it watches them come. */
export function watchMethods(app: FastifyInstance): FindMethods {
  const methods = new Map<string, Set<string>>()
  app.addHook('onRoute', (route) => {
    const known = methods.get(route.url) ?? new Set()
    for (const method of [route.method].flat()) known.add(method)
    methods.set(route.url, known)
  })
  const patterns = new Map<string, RegExp>()
  return (path) => {
    // Asked only when nothing matched, so a look at every pattern is cheap enough.
    const found = [...methods].filter(([url]) => patternOf(url, patterns).test(path)).flatMap(([, known]) => [...known])
    return [...new Set(found)].sort()
  }
}

/** `/products/:id/preview` and `/products::batchGet` as find-my-way reads them. */
function patternOf(url: string, patterns: Map<string, RegExp>): RegExp {
  let pattern = patterns.get(url)
  if (pattern === undefined) {
    const parts = url.split(/(::|:\w+|\*)/).map((part) => {
      if (part === '::') return ':'
      if (part === '*') return '.*'
      return part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?()[\]{}^$|\\]/g, '\\$&')
    })
    pattern = new RegExp(`^${parts.join('')}$`)
    patterns.set(url, pattern)
  }
  return pattern
}
