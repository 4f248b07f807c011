import { useWritingColleague } from '../presence'
import { IconPencil } from '../../ui/icons'
import s from './assist.module.css'

/** A word of warning over the composer: two answers at once are worse than none. */
export function WritingColleague({ conversationId }: { conversationId: string }) {
  const name = useWritingColleague(conversationId)
  return (
    <div role="status">
      {name && (
        <p className={s.writing}>
          <IconPencil size={15} aria-hidden />
          <span>
            <b>{name}</b> is writing an answer, too.
          </span>
        </p>
      )}
    </div>
  )
}
