/** The words that imports are spoken of with, on both sides of the API. */

export const IMPORTS_PATH = '/admin/v1/imports'

/** What becomes of a product that is there already (`create` refuses it) or is not (`update` refuses it). */
export const IMPORT_MODES = ['upsert', 'create', 'update'] as const
export type ImportMode = (typeof IMPORT_MODES)[number]

export const IMPORT_STATES = ['uploading', 'validating', 'ready', 'running', 'succeeded', 'partial', 'failed', 'cancelled'] as const
export type ImportState = (typeof IMPORT_STATES)[number]

/** Being uploaded, waiting for its turn, or being worked on. */
export const OPEN_STATES = ['uploading', 'validating', 'running'] as const satisfies readonly ImportState[]
