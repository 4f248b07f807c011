/** What is good to know of each channel while one connects it. The forms and their help come from the server. */
import type { Account, Channel } from '../../lib/types'

export interface Guide {
  /** who checks the values, as in "Checking with Meta…" */
  provider: string
  /** what one needs at hand, and how long it takes */
  needs: string
  minutes: number
  before: string[]
  console?: { label: string; url: string }
  /** its webhook can only be set through the provider's API, so it is registered without being asked for */
  registersItself?: boolean
  /** where address and token are pasted when one does it by hand */
  byHand?: string
  tryIt: (account: Account) => { text: string; link?: { label: string; url: string } }
}

const digits = (address: string) => address.replace(/\D/g, '')

const GUIDES: Record<Channel, Guide> = {
  whatsapp: {
    provider: 'Meta',
    needs: 'A Meta app of type Business with WhatsApp, and a number in it',
    minutes: 15,
    before: [
      'Make an app of type Business in the App Dashboard and add WhatsApp to it.',
      'Add your number under WhatsApp → API Setup.',
      'Make a system user in Business Settings and generate a permanent token for it.',
    ],
    console: { label: 'Meta App Dashboard', url: 'https://developers.facebook.com/apps' },
    byHand:
      'In the App Dashboard under WhatsApp → Configuration: paste both values, press Verify and save, and subscribe to messages and to the template and account fields.',
    tryIt: ({ address, address_label }) => ({
      text: `Write a WhatsApp message to ${address_label || 'this number'} from your own phone.`,
      ...(address && { link: { label: 'Open WhatsApp', url: `https://wa.me/${digits(address)}` } }),
    }),
  },
  sms: {
    provider: 'Twilio',
    needs: 'A Twilio account with a number or a messaging service',
    minutes: 5,
    before: [
      'Buy a number that can receive SMS, or set up a messaging service.',
      'For the United States, register your brand and campaign (A2P 10DLC) first: carriers block what is not registered.',
    ],
    console: { label: 'Twilio Console', url: 'https://console.twilio.com' },
    byHand:
      'In the Twilio Console at the number under Messaging → A message comes in (or at the messaging service under Integration): paste the address, with the method HTTP POST.',
    tryIt: ({ address, address_label }) => ({
      text: `Text ${address_label || 'this number'} from your own phone.`,
      ...(address.startsWith('+') && { link: { label: 'Write a text', url: `sms:${address}` } }),
    }),
  },
  telegram: {
    provider: 'Telegram',
    needs: 'A bot, which @BotFather makes for you in a chat',
    minutes: 2,
    before: [
      'Open the chat with @BotFather in Telegram and send /newbot.',
      'Choose a name and a user name; BotFather answers with the token.',
    ],
    console: { label: 'Open @BotFather', url: 'https://t.me/BotFather' },
    registersItself: true,
    tryIt: ({ address }) => ({
      text: `Open ${address || 'your bot'} in Telegram, press Start and write something.`,
      ...(address.startsWith('@') && { link: { label: 'Open the bot', url: `https://t.me/${address.slice(1)}` } }),
    }),
  },
  livechat: {
    provider: 'Parley',
    needs: 'A website where you can add one line of HTML',
    minutes: 3,
    before: ['Choose how the chat looks.', 'Press Connect; you get one line to paste into your pages.'],
    tryIt: () => ({ text: 'Open a page that has the snippet, press the chat button and write something.' }),
  },
}

const ANY: Guide = {
  provider: 'the provider',
  needs: 'An account at the provider',
  minutes: 10,
  before: [],
  tryIt: () => ({ text: 'Write a message to this account.' }),
}

export function guideOf(kind: string): Guide {
  return kind in GUIDES ? GUIDES[kind as Channel] : ANY
}
