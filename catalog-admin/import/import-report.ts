/** What the import client shows: a progress line while it runs, a summary and an exit code at its end. */
import type { FailedLine } from './import-error.ts'
import type { ImportView } from './import-view.ts'

const BAR_WIDTH = 24

const count = (n: number) => n.toLocaleString('en')

/** `[████████░░░░]  52 %  12,000 of 19,406  2,900/s  3 s left` */
export function progressLine({ state, progress, throttle }: ImportView): string {
  const { lines, done, failed, linesPerSecond, etaSeconds } = progress
  const share = lines === null || lines === 0 ? 0 : Math.min(1, done / lines)
  const filled = Math.round(share * BAR_WIDTH)
  const parts = [
    `[${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}]`,
    `${Math.floor(share * 100)} %`.padStart(5),
    `${count(done)} of ${lines === null ? '?' : count(lines)}`,
    `${count(linesPerSecond)}/s`,
    ...(etaSeconds === null ? [] : [`${duration(etaSeconds)} left`]),
    ...(failed > 0 ? [`${count(failed)} failed`] : []),
    ...(throttle.active ? [`waits: ${throttle.reason}`] : []),
    ...(state === 'validating' ? ['dry run'] : []),
  ]
  return parts.join('  ')
}

/** `[██░░]  12 %  3.1 of 24.0 MB sent` @param totalBytes null when nobody knows, as for standard input */
export function uploadLine(sentBytes: number, totalBytes: number | null): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
  if (totalBytes === null || totalBytes === 0) return `${megabytes(sentBytes)} MB sent`
  const filled = Math.round((sentBytes / totalBytes) * BAR_WIDTH)
  const bar = `[${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}]`
  return `${bar}  ${`${Math.floor((sentBytes / totalBytes) * 100)} %`.padStart(5)}  ${megabytes(sentBytes)} of ${megabytes(totalBytes)} MB sent`
}

function duration(seconds: number): string {
  if (seconds < 90) return `${seconds} s`
  return seconds < 5_400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}

/** The lines to print when the job has ended. @param errors the first of them */
export function summaryOf(job: ImportView, errors: readonly FailedLine[], seconds: number): readonly string[] {
  const { progress, problem, state } = job
  const { created, updated, unchanged, failed, done } = progress
  const verb = state === 'ready' ? 'Checked, nothing written' : state === 'cancelled' ? 'Cancelled; what was applied stays' : 'Imported'
  const title = state === 'failed' && problem !== null ? `Failed: ${problem.detail}` : verb
  const rate = seconds > 0 ? Math.round(done / seconds) : 0
  return [
    `${title}. ${count(done)} lines in ${seconds.toFixed(1)} s (${count(rate)}/s):`,
    `  ${count(created)} created, ${count(updated)} updated, ${count(unchanged)} unchanged, ${count(failed)} failed`,
    ...errors.map((error) => `  line ${error.line}${error.key === null ? '' : ` (${error.key})`}: ${String(error.problem['detail'])}`),
    ...(failed > errors.length ? [`  and ${count(failed - errors.length)} more: GET ${job.links.errors}`] : []),
    ...(job.links.apply === undefined ? [] : [`To apply it: POST ${job.links.apply}`]),
    ...(job.links.retryFailed === undefined ? [] : [`To try the failed lines once more: POST ${job.links.retryFailed}`]),
  ]
}

/** 0: every line was accepted. 1: some were. 2: none was. */
export function exitCodeOf({ state, progress }: ImportView): 0 | 1 | 2 {
  const accepted = progress.done - progress.failed
  const whole = (state === 'succeeded' || state === 'ready' || state === 'partial') && progress.failed === 0
  if (whole) return 0
  return accepted > 0 ? 1 : 2
}
