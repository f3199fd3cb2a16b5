/** A Python of our own, with packages from the package index: kept in .stack/venv. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const venv = join(import.meta.dirname, '../../.stack/venv')
const INSTALL_MS = 300_000

/** Path of a Python in which these modules can be imported; packages of the same names are installed where they cannot. */
export const python_with = async (...packages: string[]): Promise<string> => {
  const python = join(venv, 'bin/python')
  if (!existsSync(python)) {
    mkdirSync(join(venv, '..'), { recursive: true })
    await run('python3', ['-m', 'venv', venv])
  }
  const modules = packages.map(name => name.replaceAll('-', '_')).join(', ')
  const has = await run(python, ['-c', `import ${modules}`]).then(
    () => true,
    () => false,
  )
  if (!has) await run(python, ['-m', 'pip', 'install', '--quiet', ...packages], { timeout: INSTALL_MS })
  return python
}
