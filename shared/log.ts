/** JSON lines on stdout by pino, one logger a program. */
import { pino, type Logger } from 'pino'

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export function createLogger(program: string, level: LogLevel): Logger {
  return pino({ level, base: { program }, redact: ['req.headers["x-api-key"]', 'req.headers.authorization'] })
}
