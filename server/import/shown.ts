const nameCharactersMax = 80
const unseen = /[\p{Cc}\p{Cf}\u2028\u2029]/gu

/** A text of the sample's, safe on a terminal. */
export function shown(text: string, charactersMax = nameCharactersMax): string {
  const clean = text.toWellFormed().replace(unseen, '\uFFFD')
  return clean.length > charactersMax ? `${clean.slice(0, charactersMax)}…` : clean
}
