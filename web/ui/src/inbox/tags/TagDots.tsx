import { useTags } from '../list/choices'
import s from './tags.module.css'

const SHOWN = 2

/** The tags of a row: the first ones by name, the others as a number. */
export function TagDots({ ids }: { ids: string[] }) {
  const tags = useTags()
  const known = tags.filter((tag) => ids.includes(tag.id))
  if (known.length === 0) return null
  return (
    <>
      {known.slice(0, SHOWN).map((tag) => (
        <span key={tag.id} className={s.tag} data-colour={tag.colour} title={`Tag: ${tag.name}`}>
          <i aria-hidden />
          {known.length === 1 ? <span className={s.name}>{tag.name}</span> : <span className="visually-hidden">{tag.name}</span>}
        </span>
      ))}
      {known.length > SHOWN && <span className={s.tag}>+{known.length - SHOWN}</span>}
    </>
  )
}
