import { Button, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent } from 'react'
import { api } from '../../lib/api'
import { ago } from '../../lib/format'
import { queryClient } from '../../lib/query'
import { useCan } from '../../lib/session'
import { toastError } from '../../lib/toast'
import type { Survey } from '../../lib/types'
import { surveysQuery } from './closing'
import s from './closing.module.css'

/** What a contact answered when they were asked how it was; supervisors note what came of it. */
export function Satisfaction({ contactId, className }: { contactId: string; className: string | undefined }) {
  const { data } = useQuery(surveysQuery(contactId))
  if (!data || data.length === 0) return null
  return (
    <section className={`${className} ${s.satisfaction}`}>
      <h2>Satisfaction</h2>
      <ul>
        {data.map((survey) => (
          <Item key={survey.id} survey={survey} />
        ))}
      </ul>
    </section>
  )
}

function Item({ survey }: { survey: Survey }) {
  const mayReview = useCan('inbox.manage')
  const [noting, setNoting] = useState(false)
  const { kind, score, comment, review } = survey
  return (
    <li>
      {score === null ? (
        <span>Asked {ago(survey.asked_at)}, no answer yet</span>
      ) : (
        <span>
          <b data-tone={tone(survey)}>
            {score} of {kind === 'csat' ? 5 : 10}
          </b>{' '}
          {kind === 'nps' && 'would recommend · '}
          {ago(survey.answered_at)}
        </span>
      )}
      {comment && <q>{comment}</q>}
      {review && (
        <p>
          {survey.reviewed_by}: {review}
        </p>
      )}
      {mayReview && score !== null && !noting && (
        <button type="button" onClick={() => setNoting(true)}>
          {review ? 'Change the note' : 'Add a note'}
        </button>
      )}
      {noting && <Review survey={survey} onDone={() => setNoting(false)} />}
    </li>
  )
}

function Review({ survey, onDone }: { survey: Survey; onDone: () => void }) {
  const [note, setNote] = useState(survey.review)

  async function submit(event: FormEvent) {
    event.preventDefault()
    try {
      await api.post(`/surveys/${survey.id}/review`, { note })
      await queryClient.invalidateQueries({ queryKey: ['surveys', survey.contact_id] })
      onDone()
    } catch (error) {
      toastError('The note was not saved', error)
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Textarea aria-label="Note on this answer" value={note} onChange={(event) => setNote(event.currentTarget.value)} maxLength={2000} autosize data-autofocus />
      <Button type="submit" size="xs">
        Save note
      </Button>
    </form>
  )
}

function tone({ kind, score }: Survey): 'good' | 'middling' | 'bad' {
  const share = (score ?? 0) / (kind === 'csat' ? 5 : 10)
  return share >= 0.8 ? 'good' : share >= 0.6 ? 'middling' : 'bad'
}
