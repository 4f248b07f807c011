import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useState, type FormEvent } from 'react'
import { messageOf } from '../lib/api'
import { toast } from '../lib/toast'
import type { Contact, RecordConsent } from '../lib/types'
import { Problem } from '../settings/parts/ConfirmDialog'
import { Dialog } from '../settings/parts/Dialog'
import { channelLabel } from '../ui/ChannelIcon'
import { recordConsent, sourceText, WAYS } from './consents'
import s from './consents.module.css'

/** What a person told a colleague, with what proves it. */
export default function RecordDialog({ contact, onClose }: { contact: Contact; onClose: () => void }) {
  const [said, setSaid] = useState<RecordConsent>({
    address: contact.addresses[0]?.address ?? '',
    purposes: ['marketing'],
    state: 'granted',
    way: 'paper',
    wording: '',
  })
  const [document, setDocument] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const granted = said.state === 'granted'
  const set = (change: Partial<RecordConsent>) => setSaid((now) => ({ ...now, ...change }))

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setProblem('')
    try {
      await recordConsent(contact.id, { ...said, ...(document && { proof: { document } }) })
      toast('Recorded')
      onClose()
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }

  return (
    <Dialog onClose={onClose} title={`What ${contact.name} said`} size={520}>
      <form className={s.form} onSubmit={(event) => void submit(event)}>
        <NativeSelect
          label="What they said"
          data={[
            { value: 'granted', label: 'They agreed' },
            { value: 'withdrawn', label: 'They want us to stop' },
          ]}
          value={said.state}
          onChange={(event) => set({ state: event.currentTarget.value as RecordConsent['state'] })}
        />
        <div className={s.pair}>
          <NativeSelect
            label="At"
            data={contact.addresses.map((each) => ({ value: each.address, label: `${channelLabel(each.channel)} · ${each.label}` }))}
            value={said.address}
            onChange={(event) => set({ address: event.currentTarget.value })}
          />
          <NativeSelect
            label="For"
            data={[
              { value: 'marketing', label: 'Marketing' },
              { value: 'transactional', label: 'Orders and appointments' },
            ]}
            value={said.purposes[0] ?? 'marketing'}
            onChange={(event) => set({ purposes: [event.currentTarget.value as RecordConsent['purposes'][number]] })}
          />
        </div>
        <NativeSelect
          label="How we know"
          data={WAYS.map((way) => ({ value: way, label: capital(sourceText(way)) }))}
          value={said.way}
          onChange={(event) => set({ way: event.currentTarget.value as RecordConsent['way'] })}
        />
        <Textarea
          label={granted ? 'The words they were shown' : 'In their words'}
          description={granted ? 'Word for word, as on the form or as read out.' : 'As far as it is known.'}
          required={granted}
          value={said.wording ?? ''}
          onChange={(event) => set({ wording: event.currentTarget.value })}
          maxLength={2000}
          minRows={2}
          autosize
        />
        <TextInput
          label="Where the proof is"
          placeholder="Form no. 214, folder March"
          value={document}
          onChange={(event) => setDocument(event.currentTarget.value)}
          maxLength={500}
        />
        <Problem text={problem} />
        <div className={s.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy}>
            Record
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
