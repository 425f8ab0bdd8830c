import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { compileOnce } from '../kill/program.ts'
import { Scene } from './scene.ts'

/**
 * One house for the tests of a file, one after another: what one did to it, the next one finds.
 * Where one fails, the next begins anew.
 */
export function withScene(): () => Scene {
  let scene: Scene | undefined
  const close = async () => {
    await scene?.close()
    scene = undefined
  }
  beforeAll(compileOnce)
  beforeEach(async () => {
    scene ??= await Scene.open()
  })
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') return
    console.error(scene?.house.lastWords(), await scene?.house.ledger())
    await close()
  })
  afterAll(close)
  return () => {
    if (scene === undefined) throw new Error('There is no scene')
    return scene
  }
}
