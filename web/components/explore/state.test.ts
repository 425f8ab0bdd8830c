import { describe, expect, test } from 'vitest'
import { explainText, parseExploreState } from './state.ts'

const parse = (text: string) => parseExploreState(new URLSearchParams(text))
const one = {
  userId: 'u-1',
  accountId: '111122223333',
  permissionSetArn: 'arn:aws:sso:::permissionSet/ssoins-1/ps-1',
}

describe('the address of the explorer', () => {
  test('names an account or a person; of both the account counts', () => {
    expect(parse('account=111122223333&tab=could-ask&q=a')).toMatchObject({
      account: '111122223333',
      user: null,
      tab: 'could-ask',
      q: 'a',
    })
    expect(parse('user=u-1')).toMatchObject({ account: null, user: 'u-1', tab: 'now' })
    expect(parse('account=111122223333&user=u-1').user).toBeNull()
  })

  test('keeps what is explained, and drops what makes no sense', () => {
    const query = new URLSearchParams({ explain: explainText(one) })
    expect(parse(String(query))).toMatchObject({ explain: one, asking: false })
    expect(parse('explain=choose')).toMatchObject({ explain: null, asking: true })
    for (const bad of ['account=1', 'user=a/b', 'tab=x', 'explain=a~b~c']) {
      expect(parse(bad)).toMatchObject({ account: null, user: null, tab: 'now', explain: null })
    }
  })
})
