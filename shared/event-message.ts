/** Events as messages: CloudEvents 1.0, Kafka binary mode (attributes are `ce_` headers, the value is the data), mapped by hand. */
import { validate as isUuid } from 'uuid'
import type { ProductEvent } from './event-log.ts'
import type { ProductState } from './product-document.ts'
import { isStamp, stampTimeline, stampTimeUs, type Stamp } from './stamp.ts'

const PRODUCT_CHANGED = 'catalog.product.changed.v1'
const HEARTBEAT = 'catalog.heartbeat.v1'

const SOURCE = '/catalog/relay'
/** Above every rev: an event that cannot be read must win over any copy. */
const UNKNOWN_REV = Number.MAX_SAFE_INTEGER
const STATES: readonly string[] = ['visible', 'hidden', 'deleted', 'absent'] satisfies ProductState[]
const DOC_FIELD = ',"doc":'

/** A message as it is sent. The extension attributes repeat what the value says, so that a follower need not parse it. */
export interface EventMessage {
  readonly key: string | null
  readonly headers: Readonly<Record<string, string>>
  /** null only in the compacted topic: forget this key. */
  readonly value: string | null
}

/** A message as a Kafka client hands it over. */
export interface ReceivedMessage {
  readonly key: Buffer | null
  readonly headers?: Readonly<Record<string, unknown>> | undefined
  readonly value: Buffer | null
}

export type ReceivedEvent =
  | { readonly kind: 'product'; readonly event: ProductEvent }
  | { readonly kind: 'heartbeat'; readonly stamp: Stamp }
  /** Unreadable, but its key says which product it is about: a change of unknown content. */
  | { readonly kind: 'unknown-change'; readonly event: ProductEvent }
  | { readonly kind: 'unreadable' }

export function toProductMessage(event: ProductEvent): EventMessage {
  const { productId, rev, stamp, state } = event
  return {
    key: productId,
    headers: {
      ...attributes(PRODUCT_CHANGED, `${productId}:${rev}`, stamp),
      ce_time: new Date(event.changedAtMs).toISOString(),
      ce_productid: productId,
      ce_rev: String(rev),
      ce_state: state,
    },
    // The document is JSON text already and is never parsed on its way: it goes in as it is, last.
    value:
      `{"productId":"${productId}","rev":${rev},"timeline":${stampTimeline(stamp)},"stamp":"${stamp}","state":"${state}"` +
      `${DOC_FIELD}${event.doc ?? 'null'}}`,
  }
}

/**
 * For the compacted topic, which keeps the newest message of each product: one that is no more is forgotten.
 * @param message the product message: as long as there is something to keep it is the very same, which is encoded once
 */
export function toStateMessage<M extends EventMessage>({ state }: Pick<ProductEvent, 'state'>, message: M): M {
  return state === 'deleted' || state === 'absent' ? { ...message, value: null } : message
}

/** @param partition makes the id unique: one T goes to every partition */
export function toHeartbeatMessage(stamp: Stamp, partition: number): EventMessage {
  return {
    key: null,
    headers: attributes(HEARTBEAT, `${stamp}:${partition}`, stamp),
    value: `{"timeline":${stampTimeline(stamp)},"stamp":"${stamp}"}`,
  }
}

function attributes(type: string, id: string, stamp: Stamp): Record<string, string> {
  return {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_type: type,
    ce_source: SOURCE,
    ce_id: id,
    ce_time: new Date(stampTimeMs(stamp)).toISOString(),
    ce_timeline: String(stampTimeline(stamp)),
    ce_stamp: stamp,
  }
}

/**
 * Reads a message without parsing its value. Never throws: a poison message must not stop its partition.
 * @param newest a stamp no older than any that the message can carry: what an unreadable change is given
 */
export function fromMessage(message: ReceivedMessage, newest: Stamp): ReceivedEvent {
  const header = (name: string) => String(message.headers?.[name] ?? '')
  const stamp = header('ce_stamp')
  if (header('ce_type') === HEARTBEAT && isStamp(stamp)) return { kind: 'heartbeat', stamp }
  const event = header('ce_type') === PRODUCT_CHANGED && isStamp(stamp) ? readProductEvent(message, header, stamp) : null
  return event === null ? unreadable(message, header('ce_productid'), newest) : { kind: 'product', event }
}

function readProductEvent(message: ReceivedMessage, header: (name: string) => string, stamp: Stamp): ProductEvent | null {
  const productId = header('ce_productid')
  const rev = Number(header('ce_rev'))
  const state = header('ce_state')
  const doc = documentIn(message.value)
  if (!isUuid(productId) || !Number.isSafeInteger(rev) || rev < 0 || !STATES.includes(state) || doc === undefined) return null
  const changedAtMs = Date.parse(header('ce_time')) || stampTimeMs(stamp)
  return { productId, rev, stamp, state: state as ProductState, doc, omitted: state === 'visible' && doc === null, changedAtMs }
}

function stampTimeMs(stamp: Stamp): number {
  return Math.floor(stampTimeUs(stamp) / 1000)
}

/** The document's text, cut out of the value; undefined when the value is not one that we wrote. */
function documentIn(value: Buffer | null): string | null | undefined {
  const text = value?.toString() ?? ''
  const at = text.indexOf(DOC_FIELD)
  if (at === -1 || !text.endsWith('}')) return undefined
  const doc = text.slice(at + DOC_FIELD.length, -1)
  if (doc === 'null') return null
  return doc.startsWith('{') && doc.endsWith('}') ? doc : undefined
}

function unreadable(message: ReceivedMessage, productIdHeader: string, newest: Stamp): ReceivedEvent {
  const productId = [message.key?.toString() ?? '', productIdHeader].find((id) => isUuid(id))
  if (productId === undefined) return { kind: 'unreadable' }
  return {
    kind: 'unknown-change',
    event: { productId, rev: UNKNOWN_REV, stamp: newest, state: 'visible', doc: null, omitted: true, changedAtMs: stampTimeMs(newest) },
  }
}
