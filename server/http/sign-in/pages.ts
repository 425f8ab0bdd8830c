/** The one page that a refused sign-in gets: plain, without scripts, in the reader's language. */
import { plainPagePolicy } from '../security-headers.ts'
import type { SignInRefusal } from './refusals.ts'
import { escapeXml } from './xml.ts'

export type PageLocale = 'en' | 'ja'

export interface Page {
  readonly status: number
  readonly contentSecurityPolicy: string
  readonly html: string
}

/** English unless Japanese is asked for first. */
export function pageLocale(acceptLanguage: string | undefined): PageLocale {
  const ranges = (acceptLanguage ?? '').slice(0, 200).split(',').map(readRange)
  const best = ranges.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality)
  const known = best.find(({ language }) => language === 'en' || language === 'ja')
  return known?.language === 'ja' ? 'ja' : 'en'
}

function readRange(text: string): { language: string; quality: number } {
  const [tag = '', ...parameters] = text.trim().split(';')
  const given = parameters.find((parameter) => parameter.trim().startsWith('q='))
  const quality = given === undefined ? 1 : Number(given.trim().slice(2))
  return {
    language: tag.trim().split('-')[0]?.toLowerCase() ?? '',
    quality: Number.isFinite(quality) ? quality : 0,
  }
}

type Advice = 'again' | 'application' | 'person' | 'later' | 'administrator'

const adviceFor: Record<SignInRefusal, Advice> = {
  missing: 'again',
  too_large: 'administrator',
  malformed: 'administrator',
  doctype: 'administrator',
  comment: 'administrator',
  cdata: 'administrator',
  processing_instruction: 'administrator',
  encrypted: 'application',
  assertion_count: 'administrator',
  algorithm: 'application',
  destination: 'application',
  status: 'person',
  signature: 'application',
  certificate_expired: 'application',
  issuer: 'application',
  audience: 'application',
  subject: 'administrator',
  name_id: 'application',
  recipient: 'application',
  not_yet_valid: 'again',
  expired: 'again',
  no_authentication: 'administrator',
  session_over: 'again',
  other_request: 'again',
  idp_initiated: 'again',
  replayed: 'again',
  unknown_person: 'person',
  person_disabled: 'person',
  unconfirmed_with_aws: 'later',
  idp_unknown: 'later',
}

const statusFor: Record<Advice, number> = {
  again: 403,
  application: 403,
  person: 403,
  administrator: 403,
  later: 503,
}

interface Texts {
  readonly title: string
  readonly notSignedIn: string
  readonly advice: Record<Advice, string>
  readonly link: string
  readonly errorId: string
}

const texts: Record<PageLocale, Texts> = {
  en: {
    title: 'Sign-in refused',
    notSignedIn: 'You were not signed in to TEAM, and nothing was changed.',
    advice: {
      again:
        'The answer of the access portal was too old, was used before, or was meant for another browser window. Sign in again from here.',
      application:
        'What the access portal sent does not fit the way it is registered for TEAM. Ask an administrator to check the application in IAM Identity Center: its ACS URL, audience, attribute mapping and certificate.',
      person:
        'The access portal or the directory does not let you in: you may be disabled, not assigned to the application, or not known by this user name. Ask your administrator.',
      later: 'AWS could not be asked who you are. Wait a minute, then sign in again.',
      administrator:
        'What was sent is not a sign-in that TEAM can trust. Sign in again; if it happens twice, give your administrator the error id.',
    },
    link: 'Sign in again',
    errorId: 'Error id',
  },
  ja: {
    title: 'サインインできませんでした',
    notSignedIn: 'TEAM にサインインしていません。何も変更されていません。',
    advice: {
      again:
        'アクセスポータルからの応答が古いか、すでに使われたか、別のウィンドウ宛てのものでした。ここからもう一度サインインしてください。',
      application:
        'アクセスポータルから届いた内容が、TEAM の登録と一致しません。IAM Identity Center のアプリケーション設定（ACS URL、対象者（audience）、属性マッピング、証明書）の確認を管理者に依頼してください。',
      person:
        'アクセスポータルまたはディレクトリにより許可されませんでした。ユーザーが無効か、アプリケーションに割り当てられていないか、このユーザー名が登録されていない可能性があります。管理者に連絡してください。',
      later:
        'AWS に本人確認の問い合わせができませんでした。1 分ほど待ってから、もう一度サインインしてください。',
      administrator:
        '届いた内容は TEAM が信頼できるサインインではありません。もう一度サインインしてください。繰り返す場合は、エラー ID を管理者に伝えてください。',
    },
    link: 'もう一度サインインする',
    errorId: 'エラー ID',
  },
}

const style =
  'body{font-family:system-ui,sans-serif;line-height:1.6;max-width:40rem;margin:4rem auto;padding:0 1rem;color:#0f141a;background:#fff}code{font-size:1em}'

const contentSecurityPolicy = plainPagePolicy(style)

export function refusalPage(
  reason: SignInRefusal,
  { locale, errorId }: { locale: PageLocale; errorId: string },
): Page {
  const text = texts[locale]
  const advice = adviceFor[reason]
  const html = [
    '<!doctype html>',
    `<html lang="${locale}">`,
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${text.title} - TEAM</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<main>',
    `<h1>${text.title}</h1>`,
    `<p>${text.notSignedIn}</p>`,
    `<p>${text.advice[advice]}</p>`,
    `<p><a href="/auth/login">${text.link}</a></p>`,
    `<p>${text.errorId}: <code>${escapeXml(errorId)}</code></p>`,
    '</main>',
    '</body>',
    '</html>',
    '',
  ].join('\n')
  return { status: statusFor[advice], contentSecurityPolicy, html }
}
