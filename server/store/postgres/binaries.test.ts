import { lstat, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { findBinaries, linkLibraries } from './binaries.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function unpacked(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'team-binaries-'))
  folders.push(root)
  await mkdir(join(root, 'native/lib'), { recursive: true })
  await writeFile(join(root, 'native/lib/libx.so.6.18'), 'a library')
  const links = [
    { source: 'native/lib/libx.so.6.18', target: 'native/lib/libx.so' },
    { source: 'native/lib/libx.so.6.18', target: 'native/lib/libx.so.6' },
  ]
  await writeFile(join(root, 'native/pg-symlinks.json'), JSON.stringify(links))
  return root
}

test('the installed package names its version, and its programs are there', async () => {
  const { postgres, initdb, majorVersion } = await findBinaries()
  expect(majorVersion).toBeGreaterThanOrEqual(18)
  for (const program of [postgres, initdb]) expect((await lstat(program)).isFile()).toBe(true)
})

test('links that no install script made are made, and survive moving the folder', async () => {
  const root = await unpacked()
  await linkLibraries(root)
  const moved = `${root}-moved`
  folders.push(moved)
  await rename(root, moved)
  for (const name of ['libx.so', 'libx.so.6']) {
    expect((await lstat(join(moved, 'native/lib', name))).isSymbolicLink()).toBe(true)
    expect(await readFile(join(moved, 'native/lib', name), 'utf8')).toBe('a library')
  }
})

test('two starts may make the same links at once, and one link of two may be there', async () => {
  const root = await unpacked()
  await symlink('libx.so.6.18', join(root, 'native/lib/libx.so'))
  await Promise.all([linkLibraries(root), linkLibraries(root)])
  expect(await readFile(join(root, 'native/lib/libx.so.6'), 'utf8')).toBe('a library')
})
