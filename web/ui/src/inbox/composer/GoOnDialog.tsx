import { Button, NativeSelect, TextInput, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { ApiError, api, messageOf } from '../../lib/api'
import { clock } from '../../lib/format'
import { queryClient } from '../../lib/query'
import { toast, toastError } from '../../lib/toast'
import type { Conversation, Page, Proof, Way } from '../../lib/types'
import { Dialog } from '../../settings/parts/Dialog'
import { Problem } from '../../settings/parts/ConfirmDialog'
import { ChannelIcon, channelLabel } from '../../ui/ChannelIcon'
import { ErrorState } from '../../ui/ErrorState'
import { Skeleton } from '../../ui/Skeleton'
import { putConversation } from '../conversations'
import { reachKey } from '../reach'
import { updateComposer } from './composerState'
import s from './goOn.module.css'

interface GoOnDialogProps {
  conversation: Conversation
  onClose: () => void
}

/** To another channel: at once where the customer is known to be at home, else after a code that shows it. */
export default function GoOnDialog({ conversation, onClose }: GoOnDialogProps) {
  const { id } = conversation
  const ways = useQuery({ queryKey: ['ways', id], queryFn: () => api.get<Page<Way>>(`/conversations/${id}/ways`), staleTime: 0 })
  const proofs = useQuery({ queryKey: ['ways', id, 'proofs'], queryFn: () => api.get<Page<Proof>>(`/conversations/${id}/proofs`), staleTime: 0 })
  const error = ways.error ?? proofs.error
  return (
    <Dialog onClose={onClose} title="Continue on another channel" size={480}>
      {error ? (
        <ErrorState error={error} onRetry={() => void queryClient.invalidateQueries({ queryKey: ['ways', id] })} />
      ) : ways.data && proofs.data ? (
        <div className={s.body}>
          <Known conversation={conversation} ways={ways.data.items} onClose={onClose} />
          <Waiting conversationId={id} proofs={proofs.data.items} />
          <Ask conversation={conversation} ways={ways.data.items} onClose={onClose} />
        </div>
      ) : (
        <Skeleton height={220} />
      )}
    </Dialog>
  )
}

/** Addresses that are the contact's beyond doubt. */
function Known({ conversation: { id, contact }, ways, onClose }: GoOnDialogProps & { ways: Way[] }) {
  const [busy, setBusy] = useState(false)
  const known = ways.flatMap((way) => way.addresses.map((address) => ({ way, address })))
  if (known.length === 0) return null

  async function choose(way: Way, address: string) {
    setBusy(true)
    try {
      const saved = await api.post<Conversation>(`/conversations/${id}/ways`, { account_id: way.account_id, address })
      putConversation(saved)
      const reach = saved.reach.find((each) => each.account_id === way.account_id && each.address === address)
      if (reach) updateComposer(id, { reachKey: reachKey(reach), quote: null })
      onClose()
    } catch (error) {
      toastError('Not changed', error)
      setBusy(false)
    }
  }

  return (
    <section aria-label="At once">
      <h3>{contact.name} is known here, too</h3>
      {known.map(({ way, address }) => (
        <button key={way.account_id + address.address} type="button" className={s.way} disabled={busy} onClick={() => void choose(way, address.address)}>
          <ChannelIcon channel={way.channel} size={18} />
          <span>
            <b>{channelLabel(way.channel)}</b> {address.label}
            <small>{way.account_name}</small>
          </span>
        </button>
      ))}
    </section>
  )
}

/** A code that was sent and has not come back. */
function Waiting({ conversationId, proofs }: { conversationId: string; proofs: Proof[] }) {
  const waiting = proofs.find((proof) => proof.state === 'waiting')
  if (!waiting) return null

  async function cancel(proof: Proof) {
    try {
      await api.delete(`/conversations/${conversationId}/proofs/${proof.id}`)
      toast('The code counts no longer.')
    } catch (error) {
      toastError('Not cancelled', error)
    }
    await queryClient.invalidateQueries({ queryKey: ['ways', conversationId] })
  }

  return (
    <p className={s.waiting} role="status">
      <span>
        {waiting.by_name} sent a code for {channelLabel(waiting.channel)}. It is good until {clock(waiting.expires_at)}; another one ends it.
      </span>
      <Button size="xs" variant="default" onClick={() => void cancel(waiting)}>
        Cancel it
      </Button>
    </p>
  )
}

function Ask({ conversation: { id, contact, reach }, ways, onClose }: GoOnDialogProps & { ways: Way[] }) {
  const here = reach[0]
  const others = ways.filter((way) => way.account_id !== here?.account_id)
  const [accountId, setAccountId] = useState(others[0]?.account_id ?? '')
  const way = others.find((each) => each.account_id === accountId)
  const [number, setNumber] = useState('')
  const [words, setWords] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const refusal = error instanceof ApiError ? error : null
  if (!here || !way) return <p className={s.none}>There is no other channel. Connect one in Settings, Channels.</p>
  const text = words ?? suggestion(way)

  async function submit(event: FormEvent) {
    event.preventDefault()
    setBusy(true)
    setError(null)
    try {
      await api.post(`/conversations/${id}/proofs`, { account_id: accountId, number: way?.by_number ? number.trim() || null : null, text }, crypto.randomUUID())
      toast('The code is on its way.')
      onClose()
    } catch (reason) {
      setError(reason)
      setBusy(false)
    }
  }

  return (
    <form className={s.ask} onSubmit={(event) => void submit(event)} aria-label="Ask with a code">
      <h3>Ask with a code</h3>
      <p>
        {contact.name} gets a one-time code on {channelLabel(here.channel)}. When it comes back from the other channel, both are theirs, and the thread continues
        there.
      </p>
      <NativeSelect
        label="Channel"
        data={others.map((each) => ({ value: each.account_id, label: `${channelLabel(each.channel)} · ${each.account_name}` }))}
        value={accountId}
        onChange={(event) => {
          setAccountId(event.currentTarget.value)
          setWords(null)
        }}
      />
      {way.by_number && (
        <TextInput
          label="Their number there, if they said it"
          description="The code then counts from no other number."
          placeholder="+12025550123"
          value={number}
          onChange={(event) => setNumber(event.currentTarget.value)}
          error={refusal?.field('address')}
        />
      )}
      <Textarea
        label="Message"
        description={way.opens ? '{link} becomes a link that opens their app, {code} the code.' : '{code} becomes the code.'}
        value={text}
        onChange={(event) => setWords(event.currentTarget.value)}
        error={refusal?.field('text')}
        autosize
        minRows={2}
        maxLength={1000}
      />
      <Problem text={error && !refusal?.field('address') && !refusal?.field('text') ? messageOf(error) : ''} />
      <div className={s.foot}>
        <Button variant="default" onClick={onClose}>
          Back
        </Button>
        <Button type="submit" loading={busy} disabled={!text.trim()}>
          Send the code
        </Button>
      </div>
    </form>
  )
}

/** In the language of these screens; who writes in another changes it. */
function suggestion(way: Way): string {
  const channel = channelLabel(way.channel)
  if (way.opens) return `To continue on ${channel}, please open this link and press send: {link}`
  const where = way.by_number ? `to ${way.account_label}` : 'in the chat on our site'
  return `To continue on ${channel}, please send {code} ${where}.`
}
