/**
 * Readable in light and dark: no text and no page colour is set, so that the mail program's own
 * pair is used; the one button carries both of its colours. No image, font, script or style sheet
 * is fetched from anywhere.
 */
import type { Fact, Letter, Link } from './letter.ts'
import { escapeHtml, linesOf, oneLine } from './plain.ts'

const font =
  "font-family:-apple-system,'Segoe UI','Hiragino Sans','Noto Sans JP',Meiryo,Roboto,Arial,sans-serif"
const bodyStyle = `margin:0;padding:16px;${font};font-size:15px;line-height:1.6`
const frameStyle = 'max-width:640px;margin:0 auto'
const headingStyle = 'font-size:20px;line-height:1.35;margin:0 0 12px'
const paragraphStyle = 'margin:0 0 12px'
const tableStyle = 'border-collapse:collapse;width:100%;margin:4px 0 16px'
const labelStyle =
  'text-align:start;vertical-align:top;font-weight:600;padding:6px 16px 6px 0;width:30%'
const valueStyle = 'vertical-align:top;padding:6px 0;overflow-wrap:anywhere;word-break:break-word'
const rowStyle = 'border-top:1px solid #8a8f98'
const quoteStyle = 'margin:0;padding-inline-start:10px;border-inline-start:3px solid #8a8f98'
const buttonStyle =
  'display:inline-block;padding:10px 18px;border-radius:8px;background-color:#0b5cad;color:#ffffff;font-weight:600;text-decoration:none'
const footerStyle = 'margin:16px 0 0;padding-top:10px;border-top:1px solid #8a8f98;font-size:13px'

export function renderHtml(letter: Letter): string {
  const [first, ...others] = letter.links
  const parts = [
    `<h1 style="${headingStyle}">${inline(letter.heading)}</h1>`,
    ...letter.paragraphs.map((text) => `<p style="${paragraphStyle}">${inline(text)}</p>`),
    table(letter.facts),
    ...(first === undefined ? [] : [button(first)]),
    ...others.map(plainLink),
    `<div style="${footerStyle}">${letter.footer.map(inline).join('<br>')}</div>`,
  ]
  return `<!doctype html>
<html lang="${letter.locale}" dir="ltr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${inline(letter.subject)}</title>
</head>
<body style="${bodyStyle}">
<div style="${frameStyle}">
${parts.join('\n')}
</div>
</body>
</html>
`
}

function inline(text: string): string {
  return escapeHtml(oneLine(text))
}

function table(facts: readonly Fact[]): string {
  if (facts.length === 0) return ''
  return `<table style="${tableStyle}">\n${facts.map(row).join('\n')}\n</table>`
}

function row({ label, value, quoted, url }: Fact): string {
  const plain = `<bdi>${inline(value)}</bdi>`
  const linked = url === undefined ? plain : link(url, plain)
  const shown = quoted === true ? quote(value) : linked
  const head = `<th scope="row" style="${labelStyle}">${inline(label)}</th>`
  return `<tr style="${rowStyle}">${head}<td style="${valueStyle}">${shown}</td></tr>`
}

function link(url: string, inner: string): string {
  return `<a href="${escapeHtml(url)}" rel="noopener noreferrer">${inner}</a>`
}

function quote(text: string): string {
  const lines = linesOf(text).map(escapeHtml).join('<br>')
  return `<blockquote dir="auto" style="${quoteStyle}">${lines}</blockquote>`
}

function button({ label, url }: Link): string {
  return `<p style="${paragraphStyle}"><a href="${escapeHtml(url)}" style="${buttonStyle}">${inline(label)}</a></p>`
}

function plainLink({ label, url }: Link): string {
  return `<p style="${paragraphStyle}"><a href="${escapeHtml(url)}">${inline(label)}</a></p>`
}
