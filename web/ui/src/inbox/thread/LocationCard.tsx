import { useState } from 'react'
import { destinationsQuery, mapOf, type Destinations } from '../../contacts/destinations'
import { api } from '../../lib/api'
import { queryClient } from '../../lib/query'
import { useCan, useMe } from '../../lib/session'
import { toast, toastError } from '../../lib/toast'
import type { Content, Entry } from '../../lib/types'
import { IconMapPin } from '../../ui/icons'
import s from './thread.module.css'

interface LocationCardProps {
  location: Extract<Content, { type: 'location' }>
  entry: Entry
}

/** Where somebody is; one that a customer shared can be kept in their address book. */
export function LocationCard({ location: { latitude, longitude, name, address }, entry }: LocationCardProps) {
  const hidden = useMe().masks.includes('addresses')
  const mayKeep = useCan('contacts.write') && !hidden && entry.direction === 'in'
  const [kept, setKept] = useState(false)
  const position = hidden ? `about ${latitude.toFixed(1)}, ${longitude.toFixed(1)}` : `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`

  async function keep() {
    try {
      const now = await api.post<Destinations>(`/contacts/${entry.contact_id}/destinations/keep`, { entry_id: entry.id })
      queryClient.setQueryData(destinationsQuery(entry.contact_id).queryKey, now)
      setKept(true)
      toast('Kept in their address book.')
    } catch (error) {
      toastError('The location was not kept', error)
    }
  }

  return (
    <>
      <a className={s.card} href={mapOf(latitude, longitude)} target="_blank" rel="noreferrer noopener">
        <span className={s.cardIcon}>
          <IconMapPin size={18} />
        </span>
        <span className={s.cardText}>
          <b>{name ?? 'Location'}</b>
          <small>{address ?? position}</small>
        </span>
      </a>
      {mayKeep && (
        <button type="button" className={s.keep} disabled={kept} onClick={() => void keep()}>
          {kept ? 'In the address book' : 'Keep in the address book'}
        </button>
      )}
    </>
  )
}
