/** How often people with live grants are read again (the domain's "Freshness"). */

const secondsMin = 60
/** Half of what AWS's quota of 20 a second for each Identity Store API allows. */
const peopleASecond = 10

/** Seconds between two readings of one of so many people: a minute, stretched where AWS's quota asks. */
export function watchIntervalSeconds(people: number): number {
  return Math.max(secondsMin, Math.ceil(people / peopleASecond))
}
