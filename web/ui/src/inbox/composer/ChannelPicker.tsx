import { Menu } from '@mantine/core'
import type { Reach } from '../../lib/types'
import { ChannelIcon, channelLabel } from '../../ui/ChannelIcon'
import { IconArrowForwardUp, IconCheck, IconChevronDown } from '../../ui/icons'
import { reachKey, reachState, reachText } from '../reach'
import s from './composer.module.css'

interface ChannelPickerProps {
  reaches: Reach[]
  chosen: Reach
  now: number
  onChoose: (key: string) => void
  onGoOn: () => void
}

export function ChannelPicker({ reaches, chosen, now, onChoose, onGoOn }: ChannelPickerProps) {
  return (
    <Menu position="top-start" width={320}>
      <Menu.Target>
        <button type="button" className={s.channelButton} aria-label={`Choose channel: ${channelLabel(chosen.channel)} ${chosen.label}`}>
          <ChannelIcon channel={chosen.channel} size={15} />
          <span>
            {channelLabel(chosen.channel)} <small>{chosen.label}</small>
          </span>
          <IconChevronDown size={14} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Answer on</Menu.Label>
        {reaches.map((reach) => {
          const key = reachKey(reach)
          const state = reachState(reach, now)
          return (
            <Menu.Item
              key={key}
              leftSection={<ChannelIcon channel={reach.channel} size={18} />}
              rightSection={reach === chosen && <IconCheck size={15} aria-label="chosen" />}
              onClick={() => onChoose(key)}
            >
              <span className={s.reach} data-state={state.kind}>
                <b>{channelLabel(reach.channel)}</b> {reach.label}
                <small>
                  {reachText(state)} · {reach.account_name}
                </small>
              </span>
            </Menu.Item>
          )
        })}
        <Menu.Divider />
        <Menu.Item leftSection={<IconArrowForwardUp size={18} stroke={1.6} />} onClick={onGoOn}>
          Another channel…
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
