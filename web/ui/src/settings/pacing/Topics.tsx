import { ActionIcon, Button, TextInput } from '@mantine/core'
import { useState } from 'react'
import { IconTrash } from '../../ui/icons'
import { Panel } from '../parts/Panel'
import { topicLabel, type Topic } from './pacing'
import s from './pacing.module.css'

/** What offers can be about: people choose among them on their preference page. */
export function Topics({ topics, onChange }: { topics: Topic[]; onChange: (topics: Topic[]) => void }) {
  const [name, setName] = useState('')
  const key = name
    .trim()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  const ready = key !== '' && !topics.some((each) => each.key === key)

  function add() {
    if (!ready) return
    onChange([...topics, { key, labels: { en: name.trim() } }])
    setName('')
  }

  return (
    <Panel title="Topics" text="What offers can be about. People choose among them on their preference page; a message that names a topic keeps to it.">
      <div className={s.stack}>
        {topics.length === 0 && <p className={s.none}>None: people take all offers or none.</p>}
        <ul className={s.list}>
          {topics.map((topic) => (
            <li key={topic.key}>
              <TextInput
                aria-label={`Topic ${topic.key}`}
                value={topicLabel(topic)}
                onChange={(event) => onChange(topics.map((each) => (each.key === topic.key ? { ...each, labels: { ...each.labels, en: event.currentTarget.value } } : each)))}
                maxLength={80}
              />
              <ActionIcon aria-label={`Remove the topic ${topic.key}`} onClick={() => onChange(topics.filter((each) => each.key !== topic.key))}>
                <IconTrash size={16} />
              </ActionIcon>
            </li>
          ))}
        </ul>
        <div className={s.add}>
          <TextInput
            label="New topic"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') {
                event.preventDefault()
                add()
              }
            }}
            maxLength={80}
          />
          <Button variant="default" disabled={!ready} onClick={add}>
            Add the topic
          </Button>
        </div>
      </div>
    </Panel>
  )
}
