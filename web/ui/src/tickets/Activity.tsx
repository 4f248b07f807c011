import { Button, Textarea } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { useMembers } from '../inbox/presence'
import { plainText } from '../inbox/thread/plainText'
import { api } from '../lib/api'
import { fullTime } from '../lib/format'
import { toastError } from '../lib/toast'
import type { Entry, Ticket } from '../lib/types'
import { Avatar } from '../ui/Avatar'
import { ErrorState } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import { ticketEventText } from './eventText'
import { activityQuery, useForms } from './tickets'
import s from './tickets.module.css'

/** What colleagues wrote, and what changed. */
export function Activity({ ticket, mayComment }: { ticket: Ticket; mayComment: boolean }) {
  const { data: entries, error, refetch } = useQuery(activityQuery(ticket.id))
  return (
    <section>
      <h2>Comments and changes</h2>
      {error ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : !entries ? (
        <Skeleton height={90} />
      ) : (
        <ol className={s.activity} aria-label="Comments and changes">
          {entries.map((entry) => (
            <Line key={entry.id} entry={entry} />
          ))}
        </ol>
      )}
      {mayComment && <CommentForm ticketId={ticket.id} />}
    </section>
  )
}

function Line({ entry }: { entry: Entry }) {
  const forms = useForms()
  const members = useMembers()
  const author = entry.author.name ?? 'Parley'
  const hue = members.find((member) => member.id === entry.author.id)?.avatar_hue ?? 220
  const at = (
    <time dateTime={entry.at} title={fullTime(entry.at)}>
      {fullTime(entry.at)}
    </time>
  )
  if (entry.kind !== 'note') {
    return (
      <li className={s.change}>
        <i aria-hidden />
        <span>{ticketEventText(entry, forms, members)}</span>
        {at}
      </li>
    )
  }
  return (
    <li className={s.comment}>
      <Avatar name={author} hue={hue} size={26} />
      <div>
        <p>
          <b>{author}</b>
          {at}
        </p>
        <p className={s.text}>{plainText(entry)}</p>
      </div>
    </li>
  )
}

function CommentForm({ ticketId }: { ticketId: string }) {
  const client = useQueryClient()
  const [text, setText] = useState('')
  const [clientId, setClientId] = useState(() => crypto.randomUUID())
  const [busy, setBusy] = useState(false)

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (!text.trim()) return
    setBusy(true)
    try {
      await api.post(`/tickets/${ticketId}/comments`, { client_id: clientId, text: text.trim() })
      setText('')
      setClientId(crypto.randomUUID())
      await client.invalidateQueries({ queryKey: ['ticket', ticketId, 'activity'] })
    } catch (error) {
      toastError('The comment was not saved', error)
    }
    setBusy(false)
  }

  return (
    <form className={s.commentForm} onSubmit={(event) => void submit(event)}>
      <Textarea
        aria-label="Comment"
        placeholder="Comment for colleagues; the customer does not see it"
        autosize
        minRows={2}
        maxRows={12}
        maxLength={20_000}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit()
        }}
      />
      <Button type="submit" size="xs" loading={busy} disabled={!text.trim()}>
        Comment
      </Button>
    </form>
  )
}
