import { ActionIcon, NumberInput, Select, Switch, TextInput } from '@mantine/core'
import { useState } from 'react'
import { languageName } from '../../lib/format'
import type { PacingSettings } from '../../lib/types'
import { CHANNEL_ORDER, channelLabel } from '../../ui/ChannelIcon'
import { IconTrash } from '../../ui/icons'
import { Panel } from '../parts/Panel'
import type { Settled } from './pacing'
import { within } from './within'
import s from './pacing.module.css'

type Ends = NonNullable<Settled['footer']>

const COUNTRIES = new Intl.DisplayNames('en', { type: 'region' })
const EVERY_DAYS = 30
// An approved text brings its own; nothing may be added to it. In the chat people are there and can say so.
const WITHOUT = ['whatsapp', 'livechat']

interface FooterProps {
  footer: Ends
  countries: PacingSettings['footer_countries']
  standard: PacingSettings['footer_words']
  onChange: (footer: Ends) => void
}

/** The line below an advertisement that says how it ends. */
export function Footer({ footer, countries, standard, onChange }: FooterProps) {
  const [adding, setAdding] = useState<string | null>(null)
  const channels = footer.channels ?? ['sms']
  const days = footer.every_days ?? EVERY_DAYS
  const words = (footer.words ?? {}) as Record<string, string>
  const set = (change: Partial<Ends>) => onChange({ ...footer, ...change })
  const put = (language: string, text: string) => set({ words: { ...words, [language]: text } })

  return (
    <Panel
      title="How it ends"
      text="A line below marketing, such as “Reply STOP to end”, in the person’s language. It is counted in the price and shown in every preview. Not on WhatsApp: approved templates bring their own."
    >
      <div className={s.stack}>
        <div className={s.switches}>
          {CHANNEL_ORDER.filter((each) => !WITHOUT.includes(each)).map((channel) => (
            <Switch
              key={channel}
              label={`On ${channelLabel(channel)}`}
              checked={channels.includes(channel)}
              onChange={(event) => set({ channels: event.currentTarget.checked ? [...channels, channel] : channels.filter((each) => each !== channel) })}
            />
          ))}
        </div>
        {channels.length > 0 && (
          <>
            <NumberInput
              label="Each person reads it once in"
              description="0: it stands below every message."
              suffix=" days"
              min={0}
              max={90}
              maw={320}
              value={days}
              onChange={(value) => set({ every_days: within(value, 0, 90) })}
            />
            <Switch
              label="In every message where their country wants that"
              description={countries.map((each) => COUNTRIES.of(each.country)).join(', ')}
              checked={footer.countries ?? true}
              onChange={(event) => set({ countries: event.currentTarget.checked })}
            />
            <ul className={s.words}>
              {Object.entries(words).map(([language, text]) => (
                <li key={language}>
                  <TextInput
                    label={languageName(language)}
                    error={/\bSTOP\b|\{link\}/.test(text) ? null : 'Say STOP, or write {link} for the preference page.'}
                    value={text}
                    maxLength={160}
                    onChange={(event) => put(language, event.currentTarget.value)}
                  />
                  <ActionIcon
                    aria-label={`Use the standard words in ${languageName(language)}`}
                    onClick={() => set({ words: Object.fromEntries(Object.entries(words).filter(([each]) => each !== language)) })}
                  >
                    <IconTrash size={16} />
                  </ActionIcon>
                </li>
              ))}
            </ul>
            <Select
              label="Words of your own"
              description={`Without them: ${standard.en ?? ''}`}
              inputWrapperOrder={['label', 'input', 'description']}
              placeholder="Choose a language"
              maw={320}
              data={Object.keys(standard)
                .filter((each) => !(each in words))
                .map((each) => ({ value: each, label: languageName(each) }))}
              value={adding}
              onChange={(language) => {
                if (language) put(language, standard[language] ?? 'STOP')
                setAdding(null)
              }}
            />
          </>
        )}
      </div>
    </Panel>
  )
}
