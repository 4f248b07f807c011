import { Button } from '@mantine/core'
import { Suspense, lazy, useState } from 'react'
import { shortDay } from '../lib/format'
import { useCan } from '../lib/session'
import type { Contact, Duplicate } from '../lib/types'
import { Avatar } from '../ui/Avatar'
import { tellApart, undoMerge, useDuplicates, useMerges } from './merging'
import s from './merging.module.css'

const MergeDialog = lazy(() => import('./MergeDialog'))

interface SamePersonProps {
  contact: Contact
  /** of the section in which it stands */
  className?: string | undefined
  onMerged?: ((contact: Contact) => void) | undefined
}

/** Who else this may be; nothing where nobody is suggested. It stands where it is seen before anything is written. */
export function PerhapsSame({ contact, className, onMerged }: SamePersonProps) {
  const mayWrite = useCan('contacts.write')
  const { data: duplicates = [] } = useDuplicates(contact.id)
  const [merging, setMerging] = useState<string | null>(null)
  if (duplicates.length === 0) return null
  return (
    <section className={className}>
      <h2>Perhaps the same person</h2>
      <ul className={s.suggestions}>
        {duplicates.map((each) => (
          <Suggestion key={each.id} duplicate={each} mine={contact.id} onMerge={mayWrite ? setMerging : undefined} />
        ))}
      </ul>
      <Merging contact={contact} otherId={merging} onClose={() => setMerging(null)} onMerged={onMerged} />
    </section>
  )
}

/** Who is a part of it, and the way to merge it with somebody. */
export function SamePerson({ contact, className, onMerged }: SamePersonProps) {
  const mayWrite = useCan('contacts.write')
  const { data: merges = [] } = useMerges(contact.id, contact.merged)
  const [merging, setMerging] = useState(false)
  const parts = merges.filter((each) => each.undone_at === null)
  if (!mayWrite && parts.length === 0) return null
  return (
    <section className={className}>
      <h2>Same person</h2>
      {parts.length > 0 && (
        <ul className={s.parts} aria-label="Merged into this contact">
          {parts.map((each) => (
            <li key={each.id}>
              <span>
                <b>{each.contact_name}</b>
                <small>
                  merged by {each.by_name}, {shortDay(each.at)}
                </small>
              </span>
              {mayWrite && (
                <Button variant="default" size="compact-xs" aria-label={`Undo merging ${each.contact_name}`} onClick={() => void undoMerge(each)}>
                  Undo
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {mayWrite && (
        <Button variant="subtle" size="compact-xs" className={s.mergeOther} onClick={() => setMerging(true)}>
          Merge with another contact…
        </Button>
      )}
      <Merging contact={contact} otherId={merging ? '' : null} onClose={() => setMerging(false)} onMerged={onMerged} />
    </section>
  )
}

interface MergingProps extends SamePersonProps {
  /** '' asks for the other one first; null is closed */
  otherId: string | null
  onClose: () => void
}

function Merging({ contact, otherId, onClose, onMerged }: MergingProps) {
  return (
    <Suspense fallback={null}>
      {otherId !== null && <MergeDialog contact={contact} otherId={otherId || undefined} onClose={onClose} onMerged={onMerged} />}
    </Suspense>
  )
}

interface SuggestionProps {
  duplicate: Duplicate
  /** on whose page it stands */
  mine: string
  onMerge?: ((otherId: string) => void) | undefined
}

function Suggestion({ duplicate, mine, onMerge }: SuggestionProps) {
  const other = duplicate.contacts.find((each) => each.id !== mine)
  if (!other) return null
  return (
    <li>
      <Avatar name={other.name} hue={other.avatar_hue} size={30} />
      <div>
        <b>{other.name}</b>
        {duplicate.reasons.map((reason) => (
          <small key={reason.words} data-proved={reason.code === 'proved' || undefined}>
            {reason.words}
          </small>
        ))}
        {onMerge && (
          <span className={s.decide}>
            <Button size="compact-xs" variant="light" onClick={() => onMerge(other.id)}>
              Look at merging…
            </Button>
            <Button size="compact-xs" variant="subtle" onClick={() => void tellApart(duplicate)}>
              Not the same
            </Button>
          </span>
        )}
      </div>
    </li>
  )
}
