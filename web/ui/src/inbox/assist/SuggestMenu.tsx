import { useEffect, useRef, type ReactNode } from 'react'
import s from './assist.module.css'

interface SuggestMenuProps<T> {
  id: string
  label: string
  items: T[]
  at: number
  keyOf: (item: T) => string
  onPoint: (index: number) => void
  onPick: (item: T) => void
  children: (item: T) => ReactNode
  preview?: ReactNode
  /** said instead of items */
  empty?: ReactNode
}

/** A menu above the text box. The focus stays in the box; it says by `aria-activedescendant` where it points. */
export function SuggestMenu<T>(props: SuggestMenuProps<T>) {
  const { id, label, items, at, keyOf, onPoint, onPick, children, preview, empty } = props
  const chosen = useRef<HTMLDivElement>(null)
  useEffect(() => {
    chosen.current?.scrollIntoView({ block: 'nearest' })
  }, [at])
  return (
    <div className={s.menu} data-preview={preview ? true : undefined}>
      {items.length === 0 && <p className={s.empty}>{empty}</p>}
      <div className={s.items} role="listbox" id={id} aria-label={label} hidden={items.length === 0}>
        {items.map((item, index) => (
          <div
            key={keyOf(item)}
            id={optionId(id, index)}
            ref={index === at ? chosen : undefined}
            role="option"
            aria-selected={index === at}
            className={s.item}
            // The box must not lose the focus, nor its caret.
            onMouseDown={(event) => event.preventDefault()}
            onMouseMove={() => index !== at && onPoint(index)}
            onClick={() => onPick(item)}
          >
            {children(item)}
          </div>
        ))}
      </div>
      {preview && items.length > 0 && (
        <div className={s.preview} aria-live="polite">
          {preview}
        </div>
      )}
    </div>
  )
}

export function optionId(menuId: string, index: number): string {
  return `${menuId}-${index}`
}
