import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../test/support/npm-start.ts'
import { openDataFolder, postgresFolder } from './data-folder.ts'
import { startTime } from './process-identity.ts'

const NOBODY = { uid: 65_534, gid: 65_534 }

test('a folder is taken by one start at a time', () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'data')
  const first = openDataFolder(path)
  expect(() => openDataFolder(path)).toThrow(`The catalog already runs on ${path} (process ${process.pid})`)
  first.release()
  openDataFolder(path).release()
})

test('the lock of a start that was killed is taken over, also when its pid is used again', () => {
  using folder = temporaryFolder()
  const path = join(folder.path, 'data')
  openDataFolder(path)
  writeFileSync(join(path, 'lock'), `${process.pid} an-earlier-boot:1`)
  const second = openDataFolder(path)
  expect(readFileSync(join(path, 'lock'), 'utf8')).toBe(`${process.pid} ${startTime(process.pid)}`)
  second.release()
})

test.runIf(process.getuid?.() === 0)("PostgreSQL's data outside follows a data folder that moved, and not a copy of it", () => {
  using folder = temporaryFolder()
  const home = join(folder.path, 'home')
  mkdirSync(home, { mode: 0o700 })
  const [original, copy, moved] = [join(home, 'original'), join(home, 'copy'), join(home, 'moved')]
  openDataFolder(original).release()
  const outside = postgresFolder(original, NOBODY)
  expect(outside.startsWith(home)).toBe(false)
  expect(postgresFolder(original, NOBODY)).toBe(outside)

  cpSync(original, copy, { recursive: true })
  const ofTheCopy = postgresFolder(copy, NOBODY)
  expect(ofTheCopy).not.toBe(outside)

  renameSync(original, moved)
  expect(postgresFolder(moved, NOBODY)).toBe(outside)

  for (const path of [copy, moved]) openDataFolder(path).erase()
  expect([outside, ofTheCopy].filter(existsSync)).toEqual([])
})
