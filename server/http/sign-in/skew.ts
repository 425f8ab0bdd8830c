/** How far the identity provider's clock may be from ours. */
export const clockSkewSecondsMax = 60
