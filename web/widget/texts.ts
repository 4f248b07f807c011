/** The widget's words; a page replaces any of them, and of those in more.ts, with `data-i18n='{"send":"Senden"}'`. */

const ENGLISH = {
  open: 'Open chat',
  close: 'Close chat',
  unread: 'unread',
  minutes: 'We usually reply within minutes',
  hours: 'We usually reply within a few hours',
  day: 'We usually reply within a day',
  placeholder: 'Write a message…',
  send: 'Send',
  attach: 'Attach a file',
  emoji: 'Emoji',
  record: 'Record a voice message',
  locate: 'Share your location',
  wants: 'What I get',
  earlier: 'Earlier messages',
  reply: 'Reply',
  react: 'React',
  cancel: 'Cancel',
  offline: 'You are offline. What you write is kept and sent when you are back.',
  connecting: 'Connecting… What you write is kept.',
  refused: 'The chat is not available right now.',
  signIn: 'Please sign in on this site to chat.',
  waiting: 'Sending…',
  sent: 'Sent',
  seen: 'Seen',
  failed: 'Not sent. Tap to try again',
  tooLong: 'This message is too long.',
  tooLarge: 'This file is larger than 10 MB.',
  badFile: 'This kind of file cannot be sent here.',
  typing: 'is typing',
  someone: 'Somebody',
  you: 'You',
  today: 'Today',
  yesterday: 'Yesterday',
  edited: 'edited',
  deleted: 'This message was deleted',
  newMessages: 'New messages',
  messages: 'Messages',
  details: 'Contact details',
  image: 'Picture',
  video: 'Video',
  audio: 'Sound',
  voice: 'Voice message',
  document: 'File',
  sticker: 'Sticker',
  location: 'Location',
  drop: 'Drop files here',
}

export type Texts = typeof ENGLISH

export function texts(json: string | undefined): Texts {
  try {
    return { ...ENGLISH, ...(JSON.parse(json ?? '{}') as Partial<Texts>) }
  } catch {
    console.warn('Parley: data-i18n is not JSON')
    return ENGLISH
  }
}
