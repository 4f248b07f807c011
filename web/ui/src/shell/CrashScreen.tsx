import { Button } from '@mantine/core'
import type { ErrorComponentProps } from '@tanstack/react-router'
import { NetworkError, messageOf } from '../lib/api'
import { EmptyState } from '../ui/EmptyState'
import { IconAlertTriangle, IconCloudOff } from '../ui/icons'

export function CrashScreen({ error }: ErrorComponentProps) {
  const offline = error instanceof NetworkError
  return (
    <main className="full-screen">
      <EmptyState
        alone
        icon={offline ? IconCloudOff : IconAlertTriangle}
        title={offline ? 'Parley cannot be reached' : 'This screen stopped working'}
        text={
          offline
            ? 'Check your connection. Drafts and unsent messages are kept in this browser.'
            : `${messageOf(error)}. Drafts and unsent messages are kept; a reload usually helps.`
        }
        action={<Button onClick={() => location.reload()}>Reload</Button>}
      />
    </main>
  )
}
