import { ago } from '../lib/format'
import { PURPOSES, STATES } from '../consents/consents'
import type { ContactAddress, Reach } from '../lib/types'
import { Badge } from '../ui/Badge'
import { ChannelIcon, channelLabel } from '../ui/ChannelIcon'
import { CopyButton } from '../ui/CopyButton'
import { reachState, reachText } from '../inbox/reach'
import { useNow } from '../inbox/useNow'
import s from './contacts.module.css'

interface AddressListProps {
  addresses: ContactAddress[]
  /** how each can be answered, where that is known */
  reaches?: Reach[]
}

export function AddressList({ addresses, reaches = [] }: AddressListProps) {
  const now = useNow()
  return (
    <ul className={s.addresses}>
      {addresses.map((address) => {
        const reach = reaches.find((each) => each.address === address.address)
        const state = reach && reachState(reach, now)
        return (
          <li key={address.address}>
            <ChannelIcon channel={address.channel} size={18} />
            <div>
              <b title={handleOf(address)}>{address.label}</b>
              <small>
                {channelLabel(address.channel)}
                {!address.verified && ' · not verified'}
                {' · '}
                {address.last_inbound_at ? `wrote ${ago(address.last_inbound_at, now)}` : 'never wrote'}
              </small>
              {state && (reach.window_closes_at || state.kind !== 'open') && (
                <small data-state={state.kind}>{reachText(state)}</small>
              )}
              <Consents consent={address.consent} />
            </div>
            <CopyButton value={handleOf(address)} label={`Copy ${address.label}`} />
          </li>
        )
      })}
    </ul>
  )
}

/** As the channel knows it: what is to be pasted elsewhere, while the label is to be read. */
const handleOf = ({ address, label }: ContactAddress) => (label.startsWith('+') ? label : address.slice(address.indexOf(':') + 1))

/** Only what is known: a row of "unknown" tells nobody anything. */
function Consents({ consent }: { consent: ContactAddress['consent'] }) {
  const known = PURPOSES.flatMap((purpose) => {
    const state = consent[purpose]
    return state === 'unknown' ? [] : [{ purpose, ...STATES[state] }]
  })
  if (known.length === 0) return <small>No consent recorded</small>
  return (
    <span className={s.consents}>
      {known.map(({ purpose, tone, word }) => (
        <Badge key={purpose} tone={tone} title={`Consent to ${purpose} messages: ${word}`}>
          {purpose}
          {word !== 'yes' && ` ${word}`}
        </Badge>
      ))}
    </span>
  )
}
