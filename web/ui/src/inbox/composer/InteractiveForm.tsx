import { ActionIcon, Button, Modal, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Capabilities, Content, OutgoingContent } from '../../lib/types'
import { IconPlus, IconX } from '../../ui/icons'
import { PhonePreview } from './PhonePreview'
import s from './interactive.module.css'

const LEAST_BUTTONS = { max: 3, title_chars: 20, text_chars: 1024 }
const LEAST_LIST = { max_rows: 10, title_chars: 24, label_chars: 20, text_chars: 1024 }

interface InteractiveFormProps {
  capabilities: Capabilities
  onSend: (content: OutgoingContent, shown: Content) => void
  onClose: () => void
}

type Kind = 'buttons' | 'list'

/** A question with answers to tap, within what the channel allows. */
export default function InteractiveForm({ capabilities, onSend, onClose }: InteractiveFormProps) {
  const [kind, setKind] = useState<Kind>(capabilities.buttons ? 'buttons' : 'list')
  const [text, setText] = useState('')
  const [opener, setOpener] = useState('Choose')
  const [titles, setTitles] = useState(['', ''])
  const { buttons, list } = { buttons: capabilities.buttons ?? LEAST_BUTTONS, list: capabilities.list ?? LEAST_LIST }
  const limits =
    kind === 'buttons'
      ? { max: buttons.max, chars: buttons.title_chars, text: buttons.text_chars }
      : { max: list.max_rows, chars: list.title_chars, text: list.text_chars }
  // What was written for a list may be too long for a button.
  const long = titles.findIndex((title) => title.trim().length > limits.chars)
  const tooLong = text.trim().length > limits.text
  const answers = titles.map((title) => title.trim()).filter(Boolean)
  const doubled = new Set(answers).size < answers.length
  const ready = text.trim() !== '' && answers.length > 0 && answers.length <= limits.max && !doubled && long < 0 && !tooLong && (kind === 'buttons' || opener.trim() !== '')

  function send() {
    const options = answers.map((title, index) => ({ id: `answer-${index + 1}`, title }))
    const content =
      kind === 'buttons'
        ? ({ type: 'buttons', text: text.trim(), header: null, footer: null, buttons: options } as const)
        : ({ type: 'list', text: text.trim(), button: opener.trim(), sections: [{ title: null, rows: options }] } as const)
    onSend(content as OutgoingContent, content as Content)
    onClose()
  }

  return (
    <Modal opened onClose={onClose} title="Message with answers to tap" size={760}>
      <form
        className={s.form}
        onSubmit={(event) => {
          event.preventDefault()
          send()
        }}
      >
        <div className={s.fields}>
          {capabilities.buttons && capabilities.list && (
            <div className={s.kinds} role="group" aria-label="Kind">
              <button type="button" aria-pressed={kind === 'buttons'} onClick={() => setKind('buttons')}>
                Buttons
              </button>
              <button type="button" aria-pressed={kind === 'list'} onClick={() => setKind('list')}>
                List
              </button>
            </div>
          )}
          <TextInput
            label="Question"
            value={text}
            error={tooLong && `At most ${limits.text} characters; these are ${text.trim().length}.`}
            onChange={(event) => setText(event.currentTarget.value)}
            data-autofocus
          />
          {kind === 'list' && (
            <TextInput label="Label that opens the list" value={opener} maxLength={list.label_chars} onChange={(event) => setOpener(event.currentTarget.value)} />
          )}
          <fieldset>
            <legend>
              Answers <small>up to {limits.max}, {limits.chars} characters each</small>
            </legend>
            {titles.slice(0, limits.max).map((title, index) => (
              <div key={index} className={s.answer}>
                <TextInput
                  aria-label={`Answer ${index + 1}`}
                  value={title}
                  maxLength={limits.chars}
                  onChange={(event) => setTitles(titles.with(index, event.currentTarget.value))}
                />
                <ActionIcon
                  aria-label={`Remove answer ${index + 1}`}
                  disabled={titles.length === 1}
                  onClick={() => setTitles(titles.toSpliced(index, 1))}
                >
                  <IconX size={16} />
                </ActionIcon>
              </div>
            ))}
            {titles.length < limits.max && (
              <Button variant="subtle" size="compact-sm" leftSection={<IconPlus size={14} />} onClick={() => setTitles([...titles, ''])}>
                Add an answer
              </Button>
            )}
          </fieldset>
          {doubled && <p role="alert">Two answers are the same.</p>}
          {long >= 0 && <p role="alert">{`Answer ${long + 1} is longer than ${limits.chars} characters.`}</p>}
        </div>
        <div className={s.side}>
          <PhonePreview preview={{ body: text || 'Your question', buttons: kind === 'buttons' ? answers : [opener] }} />
          <Button type="submit" disabled={!ready} fullWidth>
            Send message
          </Button>
        </div>
      </form>
    </Modal>
  )
}
