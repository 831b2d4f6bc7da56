/** Ways to break the protocol, each a patch to the source, each caught by a test that is named here. A test that cannot fail proves nothing. */

export interface Sabotage {
  readonly name: string
  readonly file: string
  /** Stands exactly once in the file. */
  readonly from: string
  readonly to: string
  /** The name of the test that must fail, or its beginning. */
  readonly caughtBy: string
  /** `model` needs nothing but Node; `parts` real PostgreSQL or Redis. */
  readonly suite: 'model' | 'parts'
  /** Of the suite: the file that holds the test. */
  readonly testFile: string
}

const SCRIPTS = 'catalog-query/cache/cache-scripts.ts'
const ROUND = 'catalog-admin/relay/relay-round.ts'
const TRUST = 'catalog-query/cache/trust.ts'
const REPLICAS = 'catalog-query/cache/replicas.ts'
const RACES = { suite: 'model', testFile: 'test/model/races.model.test.ts' } as const
const LUA = {
  suite: 'parts',
  testFile: 'catalog-query/cache/cache-scripts.test.ts',
  caughtBy: 'the scripts do the same in Lua as in TypeScript',
} as const

export const SABOTAGES: readonly Sabotage[] = [
  {
    name: 'a hint is not verified',
    file: 'catalog-query/cache/product-names.ts',
    from: "return product.state === 'visible' && product.names.includes(proof)",
    to: "return product.state === 'visible' || product.names.includes(proof)",
    caughtBy: 'that went to another product leads there',
    suite: 'parts',
    testFile: 'catalog-query/product/find-product.test.ts',
  },
  {
    name: 'FILL does not look at the table',
    file: SCRIPTS,
    from: 'if (input.asOf <= table.toString(',
    to: 'if (input.asOf === table.toString(',
    caughtBy: 'R1, R2: a fill from before the last change',
    ...RACES,
  },
  {
    name: 'FILL takes a snapshot of exactly the time of a change',
    file: SCRIPTS,
    from: 'if (input.asOf <= table.toString(',
    to: 'if (input.asOf < table.toString(',
    caughtBy: 'R1: a snapshot of exactly the time of a change',
    ...RACES,
  },
  {
    name: 'a lost table does not refuse fills',
    file: SCRIPTS,
    from: "  const table = readTable(state)\n  if (table === null) return 'no-table'",
    to: '  const table = readTable(state) ?? Buffer.from(NO_STAMP.repeat(SLOTS_PER_BUCKET))',
    caughtBy: 'R9: a bucket whose table was lost takes no fill',
    ...RACES,
  },
  {
    name: 'a rebuilt table begins at zero',
    file: SCRIPTS,
    from: 'Buffer.from(wm.p.repeat(SLOTS_PER_BUCKET)',
    to: 'Buffer.from(NO_STAMP.repeat(SLOTS_PER_BUCKET)',
    caughtBy: 'R9: a rebuilt table begins at the latest change',
    ...RACES,
  },
  {
    name: 'the offset moves without all effects',
    file: SCRIPTS,
    from: 'for (const event of input.events) {\n    raiseSlot',
    to: 'for (const event of input.events.slice(0, 1)) {\n    raiseSlot',
    caughtBy: 'R4: the offset moves with the effects',
    ...RACES,
  },
  {
    name: 'a gap is jumped over',
    file: SCRIPTS,
    from: 'if (wm.next < input.from) return { ...UNCHANGED, next: wm.next } //',
    to: '//',
    caughtBy: 'R4: a gap in the log is gone back to',
    ...RACES,
  },
  {
    name: 'APPLY does not compare revs',
    file: SCRIPTS,
    from: "if (sameGen && orderOf(resident.seen, resident.rev) >= orderOf(seen, event.rev)) return 'kept'",
    to: '',
    caughtBy: 'R5: an older event, published late',
    ...RACES,
  },
  {
    name: 'a pushed copy keeps an asOf',
    file: SCRIPTS,
    from: 'rev: event.rev, asOf: PUSHED })',
    to: 'rev: event.rev, asOf: event.stamp })',
    caughtBy: 'a pushed copy is vouched for by the watermark alone',
    ...RACES,
  },
  {
    name: 'an invalidator that was overtaken applies all the same',
    file: SCRIPTS,
    from: 'if (input.to <= wm.next) return { ...UNCHANGED, next: wm.next } //',
    to: '//',
    caughtBy: 'R6: a woken invalidator changes nothing',
    ...RACES,
  },
  {
    name: 'P is read before the page',
    file: ROUND,
    from: '  const page = await ports.selectPage()\n  if (page.rowIds.length > 0) {\n    const stamp = await ports.readPosition()',
    to: '  const stamp = await ports.readPosition()\n  const page = await ports.selectPage()\n  if (page.rowIds.length > 0) {',
    caughtBy: 'P is read after the page',
    ...RACES,
  },
  {
    name: 'T is ticked after the page',
    file: ROUND,
    from: '  const ticked = isTickDue ? await ports.tick() : null\n  const page = await ports.selectPage()',
    to: '  const page = await ports.selectPage()\n  const ticked = isTickDue ? await ports.tick() : null',
    caughtBy: 'T is ticked before the page',
    ...RACES,
  },
  {
    name: 'a heartbeat follows a full page',
    file: ROUND,
    from: 'page.full ? null : ticked',
    to: 'ticked',
    caughtBy: 'a full page is followed by no heartbeat',
    ...RACES,
  },
  {
    name: 'rows are marked before they are published',
    file: ROUND,
    from: '    const stamp = await ports.readPosition()\n',
    to: '    const stamp = await ports.readPosition()\n    await ports.mark(page.rowIds)\n',
    caughtBy: 'a relay that dies while it publishes has marked nothing',
    ...RACES,
  },
  {
    name: 'memory answers for its longest life, whatever vouches',
    file: TRUST,
    from: 'return Math.min(nowUs + MEMORY_LIFE_US, stampTimeUs(vouched) + TRUST_US)',
    to: 'return nowUs + MEMORY_LIFE_US',
    caughtBy: 'memory answers for at most 0.7 s, and never beyond',
    ...RACES,
  },
  {
    name: '`seen` is ignored',
    file: TRUST,
    from: 'watermark.ts.slice(0, 4) === copy.seen && watermark.ts !== NO_STAMP',
    to: 'watermark.ts !== NO_STAMP',
    caughtBy: 'R12: the watermark of a later timeline',
    ...RACES,
  },
  {
    name: 'the generation is ignored',
    file: TRUST,
    from: 'if (watermark === null || copy.gen !== watermark.gen) return null',
    to: 'if (watermark === null) return null',
    caughtBy: 'R9: a watermark made anew makes every older copy a miss',
    ...RACES,
  },
  {
    name: 'a watermark vouches for ever',
    file: TRUST,
    from: 'timeUs >= nowUs - trustUs && ',
    to: '',
    caughtBy: 'R7, R8: a watermark that stands still',
    ...RACES,
  },
  {
    name: 'a time far ahead is believed',
    file: TRUST,
    from: ' && timeUs <= nowUs + SKEW_US',
    to: '',
    caughtBy: 'a time far ahead of ours is suspect',
    ...RACES,
  },
  {
    name: 'an old replica counts',
    file: REPLICAS,
    from: "if (isFresh(snapshot.asOf, clock())) return { answer: { ...snapshot, tier: 'replica', marked: false }, old, soon }",
    to: "return { answer: { ...snapshot, tier: 'replica', marked: false }, old, soon }",
    caughtBy: 'a replica that is older than B does not count',
    ...RACES,
  },
  {
    name: 'what is called the primary has everything',
    file: REPLICAS,
    from: '(!isStandby && replayedSatisfies(asOf, token))',
    to: 'replayedSatisfies(asOf, token)',
    caughtBy: 'what is called the primary and is a standby',
    ...RACES,
  },
  {
    name: 'a late primary counts as fresh',
    file: REPLICAS,
    from: 'marked: !isFresh(snapshot.asOf, clock()) } : null',
    to: 'marked: false } : null',
    caughtBy: 'a primary that answers too late',
    ...RACES,
  },
  {
    name: 'the replayed position is asked after the data',
    file: REPLICAS,
    from: 'return snapshot === null ? null : judge(snapshot)',
    to: 'const since = token?.lsn ? await source.hasReplayed(token.lsn) : false\n  return snapshot === null ? null : { snapshot, satisfies: since || judge(snapshot).satisfies }',
    caughtBy: 'R14: whether a replica has replayed the position',
    ...RACES,
  },
  {
    name: 'a token is satisfied by its own time',
    file: 'catalog-query/cache/token-rule.ts',
    from: 'return vouched > token.stamp',
    to: 'return vouched >= token.stamp',
    caughtBy: 'R15: a token asks for a position strictly later',
    ...RACES,
  },
  {
    name: 'an earlier rev satisfies by its time',
    file: 'catalog-query/cache/token-rule.ts',
    from: 'if (revTimeline(product.rev) === stampTimeline(answer.vouched)) return false',
    to: 'if (revTimeline(product.rev) === -1) return false',
    caughtBy: 'R16: of one timeline',
    ...RACES,
  },
  {
    name: "a token's timeline is not looked at",
    file: 'catalog-query/cache/token-rule.ts',
    from: 'return stampTimeline(asOf) >= stampTimeline(token.stamp)',
    to: 'return true',
    caughtBy: "a replica that replayed the position on a timeline before the token's",
    ...RACES,
  },
  {
    name: 'every answer to a token gives its LSN back',
    file: 'catalog-query/cache/token-rule.ts',
    from: 'lsn: null, product: productOf(',
    to: 'lsn: raised ? null : token.lsn, product: productOf(',
    caughtBy: "an answer that is not the token's own write gives back no LSN",
    ...RACES,
  },
  {
    name: 'Lua: FILL takes a snapshot of exactly the time of a change',
    file: 'catalog-query/cache/scripts/fill.lua',
    from: 'if asOf <= redis.call',
    to: 'if asOf < redis.call',
    ...LUA,
  },
  {
    name: 'Lua: APPLY does not compare revs',
    file: 'catalog-query/cache/scripts/apply.lua',
    from: 'if sameGen and string.sub(head, 17, 36) >= seen .. rev then return end',
    to: '',
    ...LUA,
  },
  {
    name: 'Lua: TOUCH ignores the generation',
    file: 'catalog-query/cache/scripts/touch.lua',
    from: 'or string.sub(head, 1, 16) ~= ARGV[1] or',
    to: 'or',
    ...LUA,
  },
  {
    name: 'watermark and copies are read by two commands',
    file: 'catalog-query/cache/redis-store.ts',
    from: 'const answers = await mgets(client, commands)',
    to: 'const copies = await mgets(client, commands.map((keys) => keys.slice(1)))\n  const marks = await mgets(client, commands.map((keys) => keys.slice(0, 1)))\n  const answers = copies.map((found, i) => [...(marks[i] ?? []), ...found])',
    caughtBy: 'a bucket’s watermark and copies are read by one command',
    suite: 'parts',
    testFile: 'catalog-query/cache/one-moment.test.ts',
  },
  {
    name: 'the clock is read in a statement of its own',
    file: 'catalog-query/cache/snapshot-source.ts',
    from: 'return toSnapshot((await pool.query<TextRow>(query)).rows)\n    } catch',
    to: "const data = await pool.query<TextRow>({ ...query, name: '', text: statement.text })\n    const clock = await pool.query<TextRow>({ ...query, name: '', text: wrapped('select 1'), values: [] })\n    return toSnapshot(data.rows.map((row) => ({ ...clock.rows[0], ...row, is_row: 'true' })))\n    } catch",
    caughtBy: 'rows and the clock that vouches for them are one statement',
    suite: 'parts',
    testFile: 'catalog-query/cache/one-moment.test.ts',
  },
  {
    name: 'a piece of a run claims fewer offsets than its events stand at',
    file: 'catalog-query/invalidator/run-pieces.ts',
    from: 'const to = (offsets[done - 1] as number) + 1',
    to: 'const to = from + part.length',
    caughtBy: 'a twin that has come into the middle of a long run takes none of its later events away',
    suite: 'parts',
    testFile: 'catalog-query/invalidator/run-applier.test.ts',
  },
  {
    name: 'a look-up is believed for ever',
    file: 'catalog-query/cache/snapshot-cache.ts',
    from: '!isGood(known, now, trustUs())',
    to: 'false',
    caughtBy: 'a value in memory is read again once B is over',
    suite: 'model',
    testFile: 'test/model/races.model.test.ts',
  },
]
