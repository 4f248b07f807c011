import { memo } from 'react'
import { useMe } from '../../lib/session'
import { Avatar } from '../../ui/Avatar'
import { useMembers, useViewers } from '../presence'
import s from './assist.module.css'

const MOST = 2

/** In a row of the list: colleagues who have the conversation open. */
export const RowViewers = memo(function RowViewers({ conversationId }: { conversationId: string }) {
  const ids = useViewers(conversationId)
  return ids.length > 0 ? <Faces ids={ids} /> : null
})

function Faces({ ids }: { ids: string[] }) {
  const me = useMe().member.id
  const members = useMembers().filter((member) => member.id !== me && ids.includes(member.id))
  if (members.length === 0) return null
  const names = members.map((member) => member.name).join(', ')
  return (
    <span className={s.faces} title={`${names} looking at this`}>
      {members.slice(0, MOST).map((member) => (
        <Avatar key={member.id} name={member.name} hue={member.avatar_hue} size={20} />
      ))}
      <span className="visually-hidden">{names} looking at this</span>
    </span>
  )
}
