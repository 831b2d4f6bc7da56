-- APPLY: one contiguous run of a partition, its effects and its offset together (docs/consistency.md, point 5).
-- KEYS: wm, table; further keys begin with ARGV[1] and carry the same hash tag.
-- ARGV: 1 copy prefix, 2 from (16), 3 to (16), 4 heartbeat (20), 5 init gen or '', 6 init next (16), 7 init p (20),
--       8 init replaces (16) or '', 9 ttl ms, 10 channel of drops, 11 event count; then per event: id, slot, rev (16), stamp (20), payload count, (code, payload)…
-- Returns next or '', applied (0 or 1), replaced, deleted; and 1 where the drop could not be published.
-- Only fixed-width decimals are compared: `<` on other strings would follow the locale.
local wm = redis.call('GET', KEYS[1])
if wm and #wm < 72 then wm = false end
if not wm or (ARGV[8] ~= '' and ARGV[8] == string.sub(wm, 17, 32)) then
  if ARGV[5] == '' then return {'', 0, 0, 0} end
  redis.call('SET', KEYS[1], ARGV[5] .. ARGV[6] .. string.rep('0', 20) .. ARGV[7])
  redis.call('DEL', KEYS[2])
  return {ARGV[6], 0, 0, 0}
end
local gen, next, ts, p = string.sub(wm, 1, 16), string.sub(wm, 17, 32), string.sub(wm, 33, 52), string.sub(wm, 53, 72)
local from, to = ARGV[2], ARGV[3]
if next < from or to <= next then return {next, 0, 0, 0} end
if redis.call('STRLEN', KEYS[2]) ~= 20480 then redis.call('SET', KEYS[2], string.rep(p, 1024)) end

local codes = {}
for code in string.gmatch(string.sub(wm, 74), '%S+') do codes[#codes + 1] = code end

local replaced, deleted, at = 0, 0, 12
local ids = {}
local function applyToCopy(key, seen, rev, payload)
  local head = redis.call('GETRANGE', key, 0, 35)
  if head == '' then return end
  local sameGen = string.sub(head, 1, 16) == gen
  if sameGen and string.sub(head, 17, 36) >= seen .. rev then return end
  if sameGen and payload then
    redis.call('SET', key, gen .. seen .. rev .. string.rep('0', 20) .. payload, 'PX', ARGV[9])
    replaced = replaced + 1
  else
    redis.call('DEL', key)
    deleted = deleted + 1
  end
end

for i = 1, tonumber(ARGV[11]) do
  local id, offset, rev, stamp = ARGV[at], tonumber(ARGV[at + 1]) * 20, ARGV[at + 2], ARGV[at + 3]
  local payloads, count = {}, tonumber(ARGV[at + 4])
  for j = 1, count do payloads[ARGV[at + 3 + 2 * j]] = ARGV[at + 4 + 2 * j] end
  at = at + 5 + 2 * count
  ids[i] = id
  if redis.call('GETRANGE', KEYS[2], offset, offset + 19) < stamp then redis.call('SETRANGE', KEYS[2], offset, stamp) end
  for _, code in ipairs(codes) do applyToCopy(ARGV[1] .. id .. ':' .. code, string.sub(stamp, 1, 4), rev, payloads[code]) end
  if p < stamp then p = stamp end
end
if ts < ARGV[4] then ts = ARGV[4] end
redis.call('SET', KEYS[1], gen .. to .. ts .. p .. string.sub(wm, 73))
-- Last, and where it fails that is told, not thrown: it is for latency only.
local heard = #ids == 0 or redis.pcall('PUBLISH', ARGV[10], table.concat(ids, ','))
return {to, 1, replaced, deleted, type(heard) == 'table' and heard.err and 1 or 0}
