/** Where the sample catalog is sold: dollars in English, euros in German. */

export interface SampleChannel {
  readonly code: string
  readonly name: string
  readonly currency: string
  readonly defaultLocale: string
}

/** `default` is there from the first migration on. */
export const sampleChannels: readonly SampleChannel[] = [
  { code: 'default', name: 'World', currency: 'USD', defaultLocale: 'en' },
  { code: 'eu', name: 'Europa', currency: 'EUR', defaultLocale: 'de' },
]
