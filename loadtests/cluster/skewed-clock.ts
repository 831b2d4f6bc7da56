/** Preloaded into a program (`node --import`): its host's clock is CLOCK_AHEAD_MS ahead of everybody else's, or behind if negative, until SIGUSR2 sets it right. */
let aheadMs = Number(process.env['CLOCK_AHEAD_MS'] ?? 0)
const trueOrigin = performance.timeOrigin
const trueNow = Date.now

Object.defineProperty(performance, 'timeOrigin', { value: trueOrigin + aheadMs })
Date.now = () => trueNow() + aheadMs
// As a time service would: what was read off the clock before stays as it was.
process.on('SIGUSR2', () => void (aheadMs = 0))
