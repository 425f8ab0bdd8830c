import StatusIndicator, {
  type StatusIndicatorProps,
} from '@cloudscape-design/components/status-indicator'
import type { ReactNode } from 'react'

/** A status indicator that breaks its text between words; Cloudscape's own breaks anywhere. */
export function Indicator(props: StatusIndicatorProps): ReactNode {
  const { children, ...rest } = props
  return (
    <StatusIndicator {...rest}>
      <span className="whole-words">{children}</span>
    </StatusIndicator>
  )
}
