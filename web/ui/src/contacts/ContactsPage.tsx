import { EmptyState } from '../ui/EmptyState'
import { IconUsers } from '../ui/icons'

export default function ContactsPage() {
  return (
    <main>
      <EmptyState icon={IconUsers} title="No contacts yet" text="Everybody who writes appears here." />
    </main>
  )
}
