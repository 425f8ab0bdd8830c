/** ISO 8601, such as `PT1H30M`, in whole minutes, rounded up; null for what is absent or not one. */
export function minutesOf(duration: string | undefined): number | null {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(duration ?? '')
  if (!match) return null
  const [days, hours, minutes, seconds] = match.slice(1).map((digits) => Number(digits ?? 0))
  const total = ((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0) + (seconds ?? 0) / 60
  return total > 0 ? Math.ceil(total) : null
}
