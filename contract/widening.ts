/** What a page may say before the server does; without a validator, so that none is shipped to it. */
export { settingWidens } from '#core/setting-widening.ts'
