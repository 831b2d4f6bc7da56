-- TOUCH: a copy whose rev a snapshot confirmed (docs/consistency.md, point 5). Its lifetime stays as it was.
-- KEYS: copy. ARGV: 1 gen (16), 2 rev (16), 3 asOf (20). Returns 1 when touched.
local head = redis.call('GETRANGE', KEYS[1], 0, 55)
if #head < 56 or string.sub(head, 1, 16) ~= ARGV[1] or string.sub(head, 21, 36) ~= ARGV[2] then return 0 end
local seen, asOf = string.sub(head, 17, 20), string.sub(head, 37, 56)
if seen < string.sub(ARGV[3], 1, 4) then redis.call('SETRANGE', KEYS[1], 16, string.sub(ARGV[3], 1, 4)) end
if asOf < ARGV[3] then redis.call('SETRANGE', KEYS[1], 36, ARGV[3]) end
return 1
