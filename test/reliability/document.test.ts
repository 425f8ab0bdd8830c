import { expect, test } from 'vitest'
import {
  introduction,
  isSame,
  titles,
  write,
  writtenIntroduction,
  writtenTitles,
} from './document.ts'

test('docs/reliability.md opens with what its columns mean, and has every step in the order of a life', () => {
  if (process.env.TEST_WRITE_TABLE === '1') write(new Map())
  expect(writtenIntroduction()).toBe(introduction)
  expect(writtenTitles()).toEqual(titles)
})

test('figures may differ by the seconds of a poll, words and worse figures may not', () => {
  const line = (seconds: number, told = 'nobody') => `| a fault | ended | ${seconds} s | ${told} |`
  expect(isSame(line(12), line(14))).toBe(true)
  expect(isSame(line(12), line(15))).toBe(false)
  expect(isSame(line(600), line(620))).toBe(true)
  expect(isSame(line(12), line(12, 'requester'))).toBe(false)
})
