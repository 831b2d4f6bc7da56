/** Preloaded into a program (`node --import`): its host's clock is CLOCK_AHEAD_MS ahead of everybody else's, or behind if negative. */
const aheadMs = Number(process.env['CLOCK_AHEAD_MS'] ?? 0)
const trueOrigin = performance.timeOrigin
const trueNow = Date.now

Object.defineProperty(performance, 'timeOrigin', { value: trueOrigin + aheadMs })
Date.now = () => trueNow() + aheadMs
