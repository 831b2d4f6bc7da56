import { defineConfig } from 'vitest/config'

/** The model needs no database, no Redis and no Kafka: pure functions, a scheduler and time. */
export default defineConfig({
  test: {
    include: ['**/*.model.test.ts'],
    exclude: ['node_modules/**'],
    testTimeout: 600_000,
    pool: 'forks',
    maxWorkers: 2,
  },
})
