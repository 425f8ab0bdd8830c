/** Cloudscape's declarations name the global `JSX` namespace, which React 19 no longer declares. */
import type { JSX as ReactJsx } from 'react'

declare global {
  namespace JSX {
    type Element = ReactJsx.Element
    type ElementClass = ReactJsx.ElementClass
    type IntrinsicElements = ReactJsx.IntrinsicElements
  }
}
