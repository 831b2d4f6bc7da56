/** `GET /v1/channels`: every active channel, with what a reader has to know to ask in it. */
import { Type, type Static } from 'typebox'
import type { HttpServer } from '../../shared/http-server.ts'
import { createSnapshotCache, vouchedBy } from '../cache/snapshot-cache.ts'
import { createGzipCache } from '../http/gzip-cache.ts'
import type { ReadContext } from '../http/read-context.ts'
import { tokenOf } from '../http/read-request.ts'
import { sendTagged } from '../http/send-tagged.ts'
import { LIST_ROUTE } from '../product/route-schema.ts'
import { cacheStatusOf, contentTag } from './list-answer.ts'
import { ChannelItem, listAnswers } from './list-schema.ts'

// Channels are a smallint of a hand's making; the limit only says that no list is unbounded.
const READ_CHANNELS = /* sql */ `
  select code, name, currency, default_locale as "defaultLocale"
  from channel
  where active
  order by code
  limit 1000`

const MAX_BYTES = 1024 * 1024

export function registerChannelList(app: HttpServer, context: ReadContext): void {
  const cache = createSnapshotCache<Buffer>({ maxBytes: MAX_BYTES, sizeOf: (json) => json.length, refreshAfter: 0.5 })
  const findGzip = createGzipCache(MAX_BYTES)
  const querystring = Type.Object({}, { additionalProperties: false })
  const response = listAnswers(Type.Object({ data: Type.Array(ChannelItem) }, { title: 'Channels' }))
  const schema = { summary: 'List channels', operationId: 'listChannels', tags: ['lists'], querystring, response }
  app.get('/v1/channels', { ...LIST_ROUTE, schema }, async (request, reply) => {
    const token = tokenOf(request, context)
    const channels = await cache.read('channels', token, async (withToken) => {
      const snapshot = await context.readSnapshot<Static<typeof ChannelItem>>(
        { name: 'read-channels', text: READ_CHANNELS, values: [] },
        withToken,
      )
      return vouchedBy(snapshot, Buffer.from(JSON.stringify({ data: snapshot.rows })))
    })
    return sendTagged(
      { context, findGzip },
      { request, reply },
      {
        tag: contentTag(channels.value),
        body: () => channels.value,
        parts: [channels],
        cacheStatus: cacheStatusOf([channels]),
        token,
      },
    )
  })
}
