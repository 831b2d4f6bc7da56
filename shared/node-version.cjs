/** Says in one sentence that Node is too old: loaded before the program, which an old Node could not even read. Needed by `npm run`. */
'use strict'
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    'The catalog needs Node >= 24.12, found ' +
      process.versions.node +
      ': npm ci brings one along, unless it was told to leave optional dependencies out\n',
  )
  process.exit(1)
}
