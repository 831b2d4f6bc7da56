/** The key of the admin API on this machine: made once, kept where only its owner can read it. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export function adminKeyPath(dataDir: string): string {
  return join(dataDir, 'admin-key')
}

/** Made on the first start. */
export function readAdminKey(dataDir: string): string {
  const path = adminKeyPath(dataDir)
  if (!existsSync(path)) {
    // Written aside: a kill half way must not leave half a key.
    writeFileSync(`${path}.part`, `ck_${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 })
    renameSync(`${path}.part`, path)
  }
  return readFileSync(path, 'utf8').trim()
}
