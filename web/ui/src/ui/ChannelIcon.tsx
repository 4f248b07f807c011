import type { Channel } from '../lib/types'
import { IconBrandTelegram, IconBrandWhatsapp, IconMessage2, IconMessageCircle } from './icons'
import s from './ui.module.css'

const CHANNELS: Record<Channel, { label: string; Icon: typeof IconMessage2 }> = {
  whatsapp: { label: 'WhatsApp', Icon: IconBrandWhatsapp },
  sms: { label: 'SMS', Icon: IconMessage2 },
  telegram: { label: 'Telegram', Icon: IconBrandTelegram },
  livechat: { label: 'Web chat', Icon: IconMessageCircle },
}

export const CHANNEL_ORDER = Object.keys(CHANNELS) as Channel[]

export function channelLabel(channel: string): string {
  return channel in CHANNELS ? CHANNELS[channel as Channel].label : channel
}

export function ChannelIcon({ channel, size = 14 }: { channel: Channel; size?: number }) {
  const { Icon } = CHANNELS[channel] ?? CHANNELS.livechat
  return <Icon size={size} stroke={1.9} className={s.channel} data-channel={channel} aria-hidden />
}
