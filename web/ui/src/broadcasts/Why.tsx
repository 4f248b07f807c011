import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, messageOf, query } from '../lib/api'
import type { ContactRow, WhyAnswer } from '../lib/types'
import { Panel } from '../settings/parts/Panel'
import { ContactPicker } from './ContactPicker'
import s from './broadcasts.module.css'

/** Why somebody got it, or did not, in one sentence. */
export function Why({ id }: { id: string }) {
  const [contact, setContact] = useState<ContactRow | null>(null)
  const { data, error } = useQuery({
    queryKey: ['broadcasts', id, 'why', contact?.id],
    queryFn: ({ signal }) => api.get<WhyAnswer>(`/broadcasts/${id}/why${query({ contact_id: contact?.id })}`, signal),
    enabled: contact !== null,
    staleTime: 0,
  })
  return (
    <Panel title="Why did, or didn’t, somebody get it?" text="Any contact, whether they were meant or not.">
      <div className={s.why}>
        <ContactPicker label="Who" value={contact} onChange={setContact} />
        <p role="status">{contact && (error ? messageOf(error) : (data?.sentence ?? '…'))}</p>
      </div>
    </Panel>
  )
}
