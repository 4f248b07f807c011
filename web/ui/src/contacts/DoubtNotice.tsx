import { Button, Radio, TextInput } from '@mantine/core'
import '@mantine/core/styles/Radio.css'
import '@mantine/core/styles/RadioIndicator.css'
import { useNavigate } from '@tanstack/react-router'
import { useState, type FormEvent } from 'react'
import { messageOf } from '../lib/api'
import { useCan } from '../lib/session'
import { toast, toastError } from '../lib/toast'
import type { Contact, Verify } from '../lib/types'
import { Problem } from '../settings/parts/ConfirmDialog'
import { Dialog } from '../settings/parts/Dialog'
import p from '../settings/parts/parts.module.css'
import { IconAlertTriangle } from '../ui/icons'
import { HOW, doubtedOf, newPerson, showPrivate, verify, type Doubted } from './doubts'
import s from './doubts.module.css'

interface DoubtNoticeProps {
  contact: Contact
  /** in a thread there is room for one line */
  brief?: boolean
}

/** That it may be somebody else who writes, why, and what can be made of it. */
export default function DoubtNotice({ contact, brief = false }: DoubtNoticeProps) {
  const mayWrite = useCan('contacts.write')
  const [settling, setSettling] = useState<Doubted | null>(null)
  const doubted = doubtedOf(contact)
  if (doubted.length === 0) return null
  return (
    <section className={s.notice} data-brief={brief || undefined} aria-label={brief ? 'Who writes here' : 'May be somebody else'}>
      <IconAlertTriangle size={17} aria-hidden />
      <div>
        <b>May be somebody else</b>
        {doubted.map((each) => (
          <p key={each.address}>
            {each.doubt.message} {!brief && <span className={s.handle}>{each.label}</span>}
          </p>
        ))}
        {!brief && contact.folded && <p>Addresses and private fields are folded away, and no marketing goes there.</p>}
        <div className={s.actions}>
          {mayWrite &&
            doubted.map((each) => (
              <Button key={each.address} size="compact-xs" variant="default" onClick={() => setSettling(each)}>
                Verify{doubted.length > 1 ? ` ${each.label}` : ''}…
              </Button>
            ))}
          {!brief && contact.folded && (
            <Button
              size="compact-xs"
              variant="subtle"
              title="That you looked is noted"
              onClick={() => void showPrivate(contact).catch((error: unknown) => toastError('Nothing was shown', error))}
            >
              Show all the same
            </Button>
          )}
        </div>
      </div>
      {settling && <SettleDialog contact={contact} doubted={settling} onClose={() => setSettling(null)} />}
    </section>
  )
}

type Answer = Verify['how'] | 'new'

function SettleDialog({ contact, doubted, onClose }: { contact: Contact; doubted: Doubted; onClose: () => void }) {
  const navigate = useNavigate()
  const [answer, setAnswer] = useState<Answer | ''>('')
  const [words, setWords] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const isNew = answer === 'new'

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (!answer) return
    setBusy(true)
    try {
      if (answer === 'new') {
        const made = await newPerson(contact, doubted.address, words)
        onClose()
        toast(`${made.name} has a contact of their own`)
        const thread = made.conversations[0]
        void (thread
          ? navigate({ to: '/inbox/$conversationId', params: { conversationId: thread.id } })
          : navigate({ to: '/contacts/$contactId', params: { contactId: made.id } }))
      } else {
        await verify(contact, { address: doubted.address, how: answer, note: words })
        onClose()
      }
    } catch (error) {
      setProblem(messageOf(error))
      setBusy(false)
    }
  }

  return (
    <Dialog onClose={onClose} title={`Who writes from ${doubted.label}?`} size={480}>
      <form className={p.dialog} onSubmit={(event) => void submit(event)}>
        <p className={s.why}>{doubted.doubt.message}</p>
        <Radio.Group label={`It is ${contact.name}`} value={answer} onChange={(value) => setAnswer(value as Answer)}>
          <div className={s.ways}>
            {Object.entries(HOW).map(([how, label]) => (
              <Radio key={how} value={how} label={label} />
            ))}
            <Radio
              value="new"
              label="No: it is a new person"
              description={`They get a contact of their own, without anything that ${contact.name} has agreed to. What was before stays with ${contact.name}.`}
            />
          </div>
        </Radio.Group>
        <TextInput
          label={isNew ? 'Name, if they said it' : 'Note'}
          value={words}
          maxLength={isNew ? 200 : 500}
          onChange={(event) => setWords(event.currentTarget.value)}
        />
        <Problem text={problem} />
        <div className={p.dialogFoot}>
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={!answer}>
            {isNew ? 'Part them' : 'It is them'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
