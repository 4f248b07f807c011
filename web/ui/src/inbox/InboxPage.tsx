import { EmptyState } from '../ui/EmptyState'
import { IconMessages } from '../ui/icons'

export function InboxPage() {
  return (
    <main>
      <EmptyState icon={IconMessages} title="No conversation is open" text="Choose one from the list, or press J." />
    </main>
  )
}
