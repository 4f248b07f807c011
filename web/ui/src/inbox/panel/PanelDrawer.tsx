import { Drawer } from '@mantine/core'
import { ContactPanel } from './ContactPanel'
import s from './panel.module.css'

/** The contact over the thread, where there is no room beside it. */
export default function PanelDrawer({ conversationId, onClose }: { conversationId: string; onClose: () => void }) {
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size={340}
      padding={0}
      withCloseButton={false}
      attributes={{ content: { 'aria-label': 'Contact details' } }}
      classNames={{ body: s.drawer }}
    >
      <ContactPanel conversationId={conversationId} onClose={onClose} />
    </Drawer>
  )
}
