-- FILL: a reader's copy after a miss, through the gate (docs/consistency.md, point 5).
-- KEYS: wm, table, copy. ARGV: 1 slot, 2 asOf (20), 3 rev (16), 4 code, 5 payload, 6 ttl ms, 7 codes at most.
-- Returns an index into FILL_RESULTS of cache-store.ts.
local wm = redis.call('GET', KEYS[1])
if not wm or #wm < 72 then return 1 end
if redis.call('STRLEN', KEYS[2]) ~= 20480 then return 2 end
local offset, asOf = tonumber(ARGV[1]) * 20, ARGV[2]
if asOf <= redis.call('GETRANGE', KEYS[2], offset, offset + 19) then return 3 end
local gen, order = string.sub(wm, 1, 16), string.sub(asOf, 1, 4) .. ARGV[3]
local head = redis.call('GETRANGE', KEYS[3], 0, 35)
if string.sub(head, 1, 16) == gen and string.sub(head, 17, 36) > order then return 4 end
local codes = string.sub(wm, 73) .. ' '
if not string.find(codes, ' ' .. ARGV[4] .. ' ', 1, true) then
  local _, count = string.gsub(codes, '%S+', '')
  if count >= tonumber(ARGV[7]) then return 5 end
  redis.call('APPEND', KEYS[1], ' ' .. ARGV[4])
end
redis.call('SET', KEYS[3], gen .. order .. asOf .. ARGV[5], 'PX', ARGV[6])
return 0
