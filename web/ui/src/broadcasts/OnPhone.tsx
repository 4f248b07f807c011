import { Button } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import PreviewCard from '../inbox/composer/PreviewCard'
import { api, messageOf, query } from '../lib/api'
import { languageName } from '../lib/format'
import { toast, toastError, toastRefusal } from '../lib/toast'
import type { AudienceCount, Broadcast, BroadcastPreview, BroadcastTests, ContactRow } from '../lib/types'
import { Skeleton } from '../ui/Skeleton'
import { ContactPicker } from './ContactPicker'
import { isEmpty, tracks } from './ready'
import s from './broadcasts.module.css'

interface OnPhoneProps {
  draft: Broadcast
  variant: string
  flush: () => Promise<boolean>
  stored: boolean
}

/** What one person will see, on a phone: any person, and the next one with a press. */
export function OnPhone({ draft, variant, flush, stored }: OnPhoneProps) {
  const { plan, revision } = draft
  const [picked, setPicked] = useState<ContactRow | null>(null)
  const written = plan.variants.find((each) => each.key === variant)?.wordings.length
  const { data: audience } = useQuery({
    queryKey: ['broadcasts', 'audience', JSON.stringify(plan.audience)],
    queryFn: ({ signal }) => api.post<AudienceCount>('/broadcasts/audience', { audience: plan.audience }, undefined, signal),
    enabled: !isEmpty(plan.audience),
  })
  const sample = audience?.sample ?? []
  const contact = picked ?? sample[0] ?? null
  const { data, error } = useQuery({
    queryKey: ['broadcasts', draft.id, 'preview', revision, variant, contact?.id],
    queryFn: ({ signal }) => api.get<BroadcastPreview>(`/broadcasts/${draft.id}/preview${query({ contact_id: contact?.id, variant })}`, signal),
    enabled: stored && Boolean(written) && plan.account_id !== null,
    retry: false,
    placeholderData: keepPreviousData,
    gcTime: 0,
  })

  function next() {
    const at = sample.findIndex((each) => each.id === contact?.id)
    setPicked(sample[(at + 1) % sample.length] ?? null)
  }

  return (
    <aside className={s.phoneSide} aria-label="On the phone">
      <div className={s.phoneWho}>
        <ContactPicker label="As seen by" value={contact} onChange={setPicked} sample={sample} />
        {sample.length > 1 && (
          <Button variant="default" size="sm" onClick={next}>
            Next
          </Button>
        )}
      </div>
      {error ? (
        <p className={s.quiet} role="alert">
          {messageOf(error)}
        </p>
      ) : data || !written ? (
        <PreviewCard inline preview={written ? (data ?? null) : null} name={contact?.name ?? 'Somebody'} />
      ) : (
        <Skeleton height={320} />
      )}
      {data && written && (
        <>
          {data.footer && <p className={s.quiet}>“{data.footer}” stands below it because they have not read it lately, or their country wants it in every message.</p>}
          {data.language && <p className={s.quiet}>In {languageName(data.language)}.</p>}
          {data.missing.length > 0 && (
            <p className={s.missing}>
              Nothing is known for {data.missing.join(', ')}: say what to write instead, or {contact?.name} does not get it.
            </p>
          )}
          {data.untracked.length > 0 && (
            <p className={s.quiet}>
              Clicks on {data.untracked.join(', ')} are not counted
              {tracks(plan) ? ': what a provider has approved, and an address of which even the server differs from person to person, goes out as it is.' : '.'}
            </p>
          )}
        </>
      )}
      <TestSend draft={draft} variant={variant} flush={flush} disabled={!written || plan.account_id === null} />
    </aside>
  )
}

function TestSend({ draft, variant, flush, disabled }: Omit<OnPhoneProps, 'stored'> & { disabled: boolean }) {
  const [to, setTo] = useState<ContactRow | null>(null)
  const [busy, setBusy] = useState(false)

  async function send() {
    if (!to) return
    setBusy(true)
    try {
      if (await flush()) {
        const { items } = await api.post<BroadcastTests>(`/broadcasts/${draft.id}/test`, { contact_ids: [to.id], variant })
        const refused = items[0]?.reason
        if (refused) toastRefusal(`No test goes to ${to.name}`, refused)
        else toast(`A test goes to ${to.name}`)
      }
    } catch (error) {
      toastError('No test was sent', error)
    }
    setBusy(false)
  }

  return (
    <div className={s.phoneWho}>
      <ContactPicker label="Send a test to" value={to} onChange={setTo} />
      <Button variant="default" disabled={disabled || !to} loading={busy} onClick={() => void send()}>
        Send
      </Button>
    </div>
  )
}

