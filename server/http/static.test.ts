import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get as httpGet } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Browser, buildTestHouse, type House } from '#test/http-house.ts'

describe('the web bundle', () => {
  const webRoot = mkdtempSync(join(tmpdir(), 'team-http-web-'))
  let web: House
  beforeAll(async () => {
    mkdirSync(join(webRoot, 'assets'))
    writeFileSync(join(webRoot, 'index.html'), '<!doctype html><title>TEAM</title>')
    writeFileSync(join(webRoot, 'assets', 'index-4f3a.js'), 'export {}')
    writeFileSync(join(webRoot, 'assets', 'index-4f3a.js.gz'), gzipSync('export {}'))
    writeFileSync(join(webRoot, 'favicon.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>')
    web = await buildTestHouse({ webRoot })
  })
  afterAll(async () => {
    await web.close()
    rmSync(webRoot, { recursive: true })
  })
  const read = (url: string) => new Browser(web).send({ method: 'GET', url })

  test('any page of TEAM is the one page, which is never kept', async () => {
    for (const url of ['/', '/requests/42?tab=events', '/admin/settings', '/index.html']) {
      const response = await read(url)
      expect(response.statusCode).toBe(200)
      expect(response.headers['cache-control']).toBe('no-store')
      expect(response.headers['content-type']).toMatch('text/html')
      expect(response.body).toContain('<title>TEAM</title>')
    }
  })

  test('a file whose name has its hash is kept for a year', async () => {
    const response = await read('/assets/index-4f3a.js')
    expect(response.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    expect(response.headers['content-type']).toMatch('javascript')
  })

  test('a file that lies there compressed is sent so, to whoever understands it', async () => {
    const headers = { 'accept-encoding': 'gzip, deflate' }
    const response = await new Browser(web).send({
      method: 'GET',
      url: '/assets/index-4f3a.js',
      headers,
    })
    expect(response.headers['content-encoding']).toBe('gzip')
    expect(response.headers['content-type']).toMatch('javascript')
    expect(response.headers.vary).toMatch(/accept-encoding/i)
    expect(gunzipSync(response.rawPayload).toString()).toBe('export {}')
  })

  for (const url of ['/assets/gone-1234.js', '/api/v1/nothing', '/auth/nothing']) {
    test(`${url} is not found, and never the page in place of it`, async () => {
      const response = await read(url)
      expect(response.statusCode).toBe(404)
      expect(response.headers['content-type']).toMatch('problem+json')
    })
  }

  test('a path that climbs out of the bundle reaches no file', async () => {
    await web.app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = web.app.server.address() as AddressInfo
    const climbing = [
      '/assets/../../../../../../etc/passwd',
      '/assets/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
      '/..%2f..%2f..%2f..%2fetc/passwd',
      '/assets/..\\..\\..\\etc\\passwd',
      '//etc/passwd',
      '/assets/index-4f3a.js%00.html',
    ]
    for (const path of climbing) {
      const body = await new Promise<string>((resolve, reject) => {
        httpGet({ host: '127.0.0.1', port, path }, (answer) => {
          answer.setEncoding('utf8').on('error', reject)
          answer.toArray().then((chunks) => resolve(chunks.join('')), reject)
        }).on('error', reject)
      })
      expect(body).not.toMatch(/root:|export \{\}/)
      expect(body).toMatch(/not_found|malformed|<title>TEAM/)
    }
  })
})
