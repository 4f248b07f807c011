import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api } from '../lib/api'
import { fullTime } from '../lib/format'
import type { PastValue } from '../lib/types'
import { ErrorState } from '../ui/ErrorState'
import { Skeleton } from '../ui/Skeleton'
import s from './values.module.css'

/** What people have changed: read when somebody asks for it. */
export function PastValues({ contactId, revision }: { contactId: string; revision: number }) {
  const [open, setOpen] = useState(false)
  const { data, error, refetch } = useQuery({
    queryKey: ['contact', contactId, 'past', revision],
    queryFn: ({ signal }) => api.get<{ items: PastValue[] }>(`/contacts/${contactId}/past`, signal).then((page) => page.items),
    enabled: open,
  })
  return (
    <>
      <button type="button" className={s.more} aria-expanded={open} onClick={() => setOpen(!open)}>
        {open ? 'Hide the history' : 'What was changed, and by whom'}
      </button>
      {open &&
        (error ? (
          <ErrorState error={error} onRetry={() => void refetch()} />
        ) : !data ? (
          <Skeleton height={60} />
        ) : (
          <ul className={s.past}>
            {data.length === 0 && <li>Nobody has changed anything by hand.</li>}
            {data.map((each) => (
              <li key={`${each.at}${each.what}`}>
                {each.label}: {each.before ? `“${short(each.before)}” → ` : ''}
                {each.after ? `“${short(each.after)}”` : 'emptied'}
                <small>
                  {each.by_name} · {fullTime(each.at)}
                </small>
              </li>
            ))}
          </ul>
        ))}
    </>
  )
}

const short = (text: string) => (text.length > 80 ? `${text.slice(0, 79)}…` : text)
