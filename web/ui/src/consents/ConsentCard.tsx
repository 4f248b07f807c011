import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { fullTime } from '../lib/format'
import { useCan } from '../lib/session'
import { toastError } from '../lib/toast'
import type { Contact, ConsentFact, ConsentPage, RecordConsent } from '../lib/types'
import { Badge } from '../ui/Badge'
import { ChannelIcon, channelLabel } from '../ui/ChannelIcon'
import { CopyButton } from '../ui/CopyButton'
import { ErrorState } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import { IconAlertTriangle, IconDownload, IconPencil } from '../ui/icons'
import { consentsQuery, recordConsent, SAID, sourceText, STATES } from './consents'
import s from './consents.module.css'

const RecordDialog = lazy(() => import('./RecordDialog'))
const SHOWN_AT_FIRST = 4

/** What a person agreed to: how things stand, what they said and when, and the file that proves it. */
export function ConsentCard({ contact, className }: { contact: Contact; className?: string | undefined }) {
  const { data, error, refetch } = useQuery(consentsQuery(contact.id))
  const mayWrite = useCan('contacts.write')
  const [recording, setRecording] = useState(false)
  return (
    <section className={className} aria-label="Consent">
      <div className={s.head}>
        <h2>Consent</h2>
        {mayWrite && contact.addresses.length > 0 && (
          <Button variant="subtle" size="compact-xs" leftSection={<IconPencil size={13} />} onClick={() => setRecording(true)}>
            Record…
          </Button>
        )}
      </div>
      {error && !data ? <ErrorState error={error} onRetry={() => void refetch()} /> : !data ? <Skeleton height={64} /> : <Known contact={contact} data={data} mayWrite={mayWrite} />}
      {data && mayWrite && contact.addresses.length > 0 && (
        <p className={s.page}>
          Their own page <CopyButton value={data.preferences_url} label="Copy the link to their preference page" />
        </p>
      )}
      {recording && (
        <Suspense>
          <RecordDialog contact={contact} onClose={() => setRecording(false)} />
        </Suspense>
      )}
    </section>
  )
}

function Known({ contact, data, mayWrite }: { contact: Contact; data: ConsentPage; mayWrite: boolean }) {
  const [all, setAll] = useState(false)
  const held = data.standings.filter((each) => each.state === 'held')
  const known = data.standings.filter((each) => each.state !== 'unknown')
  const labels = new Map(contact.addresses.map((each) => [each.address, each.label]))
  if (data.items.length === 0) return <p className={s.none}>Nothing is recorded: answers may be sent, marketing may not.</p>
  return (
    <>
      {held[0] && (
        <Hold
          contactId={contact.id}
          address={held[0].address}
          purposes={[...new Set(held.map((each) => each.purpose as RecordConsent['purposes'][number]))]}
          wording={data.items.find((each) => each.state === 'held')?.wording ?? ''}
          mayWrite={mayWrite}
        />
      )}
      {known.length > 0 && (
        <ul className={s.standings}>
          {known.map((each) => {
            const { tone, word } = STATES[each.state as keyof typeof STATES]
            return (
              <li key={`${each.address}${each.purpose}${each.account_id ?? ''}`}>
                <ChannelIcon channel={each.channel} size={15} />
                <span>
                  {each.purpose}
                  {contact.addresses.length > 1 && <small> {labels.get(each.address)}</small>}
                </span>
                <Badge tone={tone} title={`Since ${fullTime(each.at)}, ${sourceText(each.source)}${each.account_id ? ', at one of our senders' : ''}`}>
                  {word}
                </Badge>
              </li>
            )
          })}
        </ul>
      )}
      <h3 className={s.sub}>History</h3>
      <ol className={s.facts}>
        {(all ? data.items : data.items.slice(0, SHOWN_AT_FIRST)).map((fact) => (
          <Fact key={fact.id} fact={fact} />
        ))}
      </ol>
      <div className={s.foot}>
        {data.items.length > SHOWN_AT_FIRST && (
          <Button variant="subtle" size="compact-xs" onClick={() => setAll(!all)} aria-expanded={all}>
            {all ? 'Fewer' : `All ${data.items.length}`}
          </Button>
        )}
        {mayWrite && (
          <span>
            <IconDownload size={13} aria-hidden /> Evidence{' '}
            <a href={`/api/v1/contacts/${contact.id}/consents/evidence.pdf`} download>
              PDF
            </a>
            {' · '}
            <a href={`/api/v1/contacts/${contact.id}/consents/evidence.json`} download>
              JSON
            </a>
          </span>
        )}
      </div>
    </>
  )
}

interface HoldProps {
  contactId: string
  address: string
  purposes: RecordConsent['purposes']
  wording: string
  mayWrite: boolean
}

/** Perhaps a stop: marketing waits until somebody has said what was meant. */
function Hold({ contactId, address, purposes, wording, mayWrite }: HoldProps) {
  const [busy, setBusy] = useState(false)

  async function settle(state: 'withdrawn' | 'released') {
    setBusy(true)
    try {
      await recordConsent(contactId, { address, purposes, state, way: 'other', wording })
    } catch (error) {
      toastError('Not settled', error)
    } finally {
      setBusy(false)
    }
  }

  return (
    <div className={s.hold} role="status">
      <p>
        <IconAlertTriangle size={15} aria-hidden />
        <span>
          {wording ? <>“{wording}”</> : 'What they wrote'} may be a stop. <b>Marketing is on hold.</b>
        </span>
      </p>
      {mayWrite && (
        <div>
          <Button size="compact-xs" color="red" variant="light" disabled={busy} onClick={() => void settle('withdrawn')}>
            Yes, stop
          </Button>
          <Button size="compact-xs" variant="default" disabled={busy} onClick={() => void settle('released')}>
            No, it was not
          </Button>
        </div>
      )}
    </div>
  )
}

function Fact({ fact }: { fact: ConsentFact }) {
  const { tone, word } = SAID[fact.state]
  return (
    <li>
      <ChannelIcon channel={fact.channel} size={15} />
      <div>
        {channelLabel(fact.channel)}, {fact.purposes.join(', ')} <Badge tone={tone}>{word}</Badge>
        <small>
          {fullTime(fact.at)} · {sourceText(fact.source)}
          {fact.expires_at && ` · until ${fullTime(fact.expires_at)}`}
        </small>
        {fact.wording && <q>{fact.wording}</q>}
      </div>
    </li>
  )
}
