import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { rolesQuery } from '../roles/roles'
import s from './members.module.css'

/** The roles that one may give, with what each may do. */
interface RoleChoiceProps {
  /** the id of a role */
  value: string
  onChange: (role: string) => void
  /** takes the focus when its dialog opens */
  focused?: boolean
}

export function RoleChoice({ value, onChange, focused = false }: RoleChoiceProps) {
  const name = useId()
  const { data } = useQuery(rolesQuery)
  return (
    <fieldset className={s.roles}>
      <legend>Role</legend>
      {data
        ?.filter((role) => role.may_give)
        .map((role) => (
          <label key={role.id}>
            <input
              type="radio"
              name={name}
              value={role.id}
              checked={value === role.id}
              onChange={() => onChange(role.id)}
              aria-describedby={`${name}-${role.id}`}
              {...(focused && value === role.id && { 'data-autofocus': true })}
            />
            <span>
              <b>{role.name}</b>
              <small id={`${name}-${role.id}`} aria-hidden>
                {role.description}
              </small>
            </span>
          </label>
        ))}
    </fieldset>
  )
}
