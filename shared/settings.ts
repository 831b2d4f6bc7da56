/** Reads settings from an environment: every problem at once, each named by variable, with what was expected and got. */

/** Turns a variable's text into its value; throws an Error whose message says what was expected. */
export interface Setting<T> {
  readonly fallback: T | undefined
  readonly parse: (raw: string) => T
}

export type Environment = Readonly<Record<string, string | undefined>>
type Values<S> = { [K in keyof S]: S[K] extends Setting<infer T> ? T : never }

/** Every problem of an environment, a line each. The start-up prints the message and exits 1. */
export class SettingsError extends Error {}

/**
 * @throws SettingsError naming every variable that is missing or wrong. An empty variable counts as not set.
 */
export function readSettings<S extends Record<string, Setting<unknown>>>(env: Environment, settings: S): Values<S> {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [name, setting] of Object.entries(settings)) {
    const raw = env[name]
    if (raw === undefined || raw === '') {
      if (setting.fallback === undefined) problems.push(`${name} is required`)
      values[name] = setting.fallback
      continue
    }
    try {
      values[name] = setting.parse(raw)
    } catch (error) {
      problems.push(`${name} must be ${(error as Error).message}, not "${mask(name, raw)}"`)
    }
  }
  if (problems.length > 0) throw new SettingsError(problems.join('\n'))
  return values as Values<S>
}

/** Passwords in URLs and keys never reach a log. */
function mask(name: string, raw: string): string {
  if (/KEY|SECRET|PASSWORD/.test(name)) return '…'
  return raw.replace(/(:\/\/[^:/@]*:)[^@]*@/, '$1…@')
}

function expect<T>(value: T | null, expected: string): T {
  if (value === null) throw new Error(expected)
  return value
}

export function integer(options: { min: number; max: number; fallback?: number }): Setting<number> {
  const { min, max } = options
  return {
    fallback: options.fallback,
    parse: (raw) => {
      const value = Number(raw)
      const good = /^-?\d+$/.test(raw) && value >= min && value <= max
      return expect(good ? value : null, `an integer from ${min} to ${max}`)
    },
  }
}

export const port = (fallback: number): Setting<number> => integer({ min: 0, max: 65_535, fallback })

export function oneOf<const T extends string>(values: readonly T[], fallback?: T): Setting<T> {
  return {
    fallback,
    parse: (raw) => expect(values.find((value) => value === raw) ?? null, `one of ${values.join(', ')}`),
  }
}

export function flag(fallback: boolean): Setting<boolean> {
  return {
    fallback,
    parse: (raw) => expect(raw === 'true' || raw === '1' ? true : raw === 'false' || raw === '0' ? false : null, 'true or false'),
  }
}

export function text(fallback?: string, options: { minLength?: number } = {}): Setting<string> {
  const minLength = options.minLength ?? 1
  return { fallback, parse: (raw) => expect(raw.length >= minLength ? raw : null, `at least ${minLength} characters`) }
}

/** A URL with one of these schemes, such as `postgres:`. @param fallback pass null for "may be absent" */
export function url<F extends string | null = never>(protocols: readonly string[], fallback?: F): Setting<string | F> {
  return {
    fallback: fallback,
    parse: (raw) => expect(isUrl(raw, protocols) ? raw : null, `a ${protocols.join(' or ')}//… URL`),
  }
}

/** A comma-separated list of URLs; empty when absent. */
export function urls(protocols: readonly string[]): Setting<readonly string[]> {
  return {
    fallback: [],
    parse: (raw) => {
      const list = raw.split(',').map((item) => item.trim())
      return expect(
        list.every((item) => isUrl(item, protocols)) ? list : null,
        `a comma-separated list of ${protocols.join(' or ')}//… URLs`,
      )
    },
  }
}

/** A comma-separated list of `host:port`; empty when absent. */
export function hostPorts(): Setting<readonly string[]> {
  return {
    fallback: [],
    parse: (raw) => {
      const list = raw.split(',').map((item) => item.trim())
      return expect(list.every((item) => /^[^\s:/]+:\d{1,5}$/.test(item)) ? list : null, 'a comma-separated list of host:port')
    },
  }
}

function isUrl(raw: string, protocols: readonly string[]): boolean {
  return URL.canParse(raw) && protocols.includes(new URL(raw).protocol)
}
