import { Button } from '@mantine/core'
import { ApiError, NetworkError, messageOf } from '../lib/api'
import { EmptyState } from './EmptyState'
import { IconAlertTriangle, IconCloudOff, IconLock } from './icons'

/** What to show instead of content that could not be read: no permission, no network, or the reason given. */
export function ErrorState({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  if (error instanceof ApiError && error.status === 403) return <NoPermission />
  const offline = error instanceof NetworkError
  return (
    <EmptyState
      icon={offline ? IconCloudOff : IconAlertTriangle}
      title={offline ? 'The server cannot be reached' : 'This could not be loaded'}
      text={offline ? 'Check your connection and try again.' : messageOf(error)}
      action={
        onRetry && (
          <Button variant="default" onClick={onRetry}>
            Try again
          </Button>
        )
      }
    />
  )
}

export function NoPermission() {
  return (
    <EmptyState
      icon={IconLock}
      title="Your role cannot see this"
      text="An owner or admin of this workspace can change your role in Settings, under Members."
    />
  )
}
