import { Link } from '@tanstack/react-router'
import type { ContactRow } from '../lib/types'
import { Avatar } from '../ui/Avatar'
import { ChannelIcon } from '../ui/ChannelIcon'
import s from './segments.module.css'

/** People in rows, each with the way to their page. */
export function People({ people }: { people: ContactRow[] }) {
  return (
    <ul className={s.people}>
      {people.map((contact) => (
        <li key={contact.id}>
          <Link to="/contacts/$contactId" params={{ contactId: contact.id }} preload={false}>
            <Avatar name={contact.name} hue={contact.avatar_hue} size={28} />
            <span>
              <b>{contact.name}</b>
              <small>{contact.addresses.find((address) => address.label !== contact.name)?.label ?? contact.addresses[0]?.label}</small>
            </span>
            {[...new Set(contact.addresses.map((address) => address.channel))].map((channel) => (
              <ChannelIcon key={channel} channel={channel} size={14} />
            ))}
          </Link>
        </li>
      ))}
    </ul>
  )
}
