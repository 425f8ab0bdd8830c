/** For the container, which has no shell and no curl: ends with 0 if TEAM answers on its port. */
import { get } from 'node:http'

const port = Number(process.env.PORT ?? 8080)
const request = get({ host: '127.0.0.1', port, path: '/healthz', timeout: 3_000 }, (response) => {
  process.exit(response.statusCode === 200 ? 0 : 1)
})
request.on('timeout', () => process.exit(1))
request.on('error', () => process.exit(1))
