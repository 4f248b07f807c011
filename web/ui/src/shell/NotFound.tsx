import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { EmptyState } from '../ui/EmptyState'
import { IconSearch } from '../ui/icons'

export function NotFound() {
  return (
    <main className="full-screen">
      <EmptyState
        alone
        icon={IconSearch}
        title="There is nothing at this address"
        text="The link may be old, or a letter is missing."
        action={
          <Button component={Link} to="/inbox">
            Go to the inbox
          </Button>
        }
      />
    </main>
  )
}
