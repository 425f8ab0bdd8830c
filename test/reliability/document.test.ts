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

test('figures may differ by a poll, long ones by a stride of the clock; words may not', () => {
  const line = (seconds: number, told = 'nobody') => `| a fault | ended | ${seconds} s | ${told} |`
  expect(isSame(line(12), line(14))).toBe(true)
  expect(isSame(line(12), line(15))).toBe(false)
  expect(isSame(line(600), line(720))).toBe(true)
  expect(isSame(line(600), line(1_100))).toBe(false)
  expect(isSame(line(12), line(12, 'requester'))).toBe(false)
})
