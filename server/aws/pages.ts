import { AwsReadError } from './errors.ts'

interface Page {
  readonly NextToken?: string | undefined
}

/** Far above any organisation's; a token that leads in circles ends here. */
const pagesMax = 20_000

/**
 * Every page until there is no token. A page may be empty and still have one (AWS Organizations API
 * reference, "paginated results").
 */
export async function* allPages<One extends Page>(
  operation: string,
  read: (nextToken: { NextToken?: string }) => Promise<One>,
): AsyncGenerator<One> {
  let token: string | undefined
  for (let count = 0; count < pagesMax; count += 1) {
    const page = await read(token === undefined ? {} : { NextToken: token })
    yield page
    if (page.NextToken === undefined || page.NextToken === '') return
    if (page.NextToken === token) break
    token = page.NextToken
  }
  const message = 'the pages of this list do not end'
  throw new AwsReadError(operation, { kind: 'unknown', code: 'EndlessPages', message }, undefined)
}
