import type { FailureKind } from '../../lib/types'

export const LANES: Record<string, { label: string; text: string }> = {
  inbound: { label: 'Lane of customers', text: 'jobs wait; never behind others' },
  replies: { label: 'Lane of answers', text: 'jobs wait; never behind bulk work' },
  push: { label: 'Lane of pushes', text: 'jobs wait: notifications of members’ devices' },
  background: { label: 'Background lane', text: 'jobs wait: files, syncs, bulk work' },
}

export const WORK: Record<string, string> = {
  inbound: 'Customers’ messages',
  receipts: 'Delivery reports',
  media: 'Files to fetch',
  outbox: 'Messages to send',
  pushes: 'Pushes to send',
}

export const KINDS: { kind: FailureKind; label: string; one: string; many?: string; empty: string; all: string }[] = [
  {
    kind: 'inbound',
    label: 'From customers',
    one: 'event',
    empty: 'Every event that providers sent was taken in.',
    all: 'They are taken in as if they had just come. What is in the timeline already is not doubled.',
  },
  {
    kind: 'messages',
    label: 'To customers',
    one: 'message',
    empty: 'No message failed.',
    all: 'Customers receive these messages now, however old they are. Consent and reply windows are checked again.',
  },
  {
    kind: 'media',
    label: 'Files',
    one: 'file',
    empty: 'Every file was fetched.',
    all: 'Each file is asked for again. Providers keep files for days only; what they have deleted fails again.',
  },
  {
    kind: 'receipts',
    label: 'Delivery reports',
    one: 'report',
    empty: 'Every delivery report was applied.',
    all: 'They are applied again. A status never moves backwards.',
  },
  {
    kind: 'pushes',
    label: 'Pushes',
    one: 'push',
    many: 'pushes',
    empty: 'No push to a member’s device was given up.',
    all: 'Devices that did not take theirs are sent them now, but for what has been read or is no longer wanted.',
  },
]
