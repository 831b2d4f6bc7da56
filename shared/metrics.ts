/** prom-client, one registry a program, with the process metrics in it. */
import { collectDefaultMetrics, Registry } from 'prom-client'

export function createMetrics(program: string): Registry {
  const registry = new Registry()
  registry.setDefaultLabels({ program })
  collectDefaultMetrics({ register: registry })
  return registry
}
