import { ActionIcon, Menu, Tooltip } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMembers } from '../inbox/presence'
import { useTags } from '../inbox/list/choices'
import { languageName } from '../lib/format'
import { useCell } from '../lib/store'
import { IconFilter, IconX } from '../ui/icons'
import { fieldsQuery } from './contactFields'
import { RISKS } from './contactHealth'
import { healthQuery } from './dataHealth'
import { EVERYBODY, LANGUAGES, isNarrowed, narrow, people, useLists, type People } from './contactLists'
import s from './contacts.module.css'

const SORTS: Record<People['sort'], string> = { newest: 'Newest', name: 'Name', active: 'Last active', health: 'Health, lowest first' }
type Name = Exclude<keyof People, 'sort' | 'company' | 'finding'>

/** The order of the list, and what narrows it. */
export function PeopleFilter({ searching }: { searching: boolean }) {
  const wanted = useCell(people)
  const tags = useTags()
  const lists = useLists()
  const members = useMembers()
  const { data } = useQuery(fieldsQuery)
  const groups: { name: Name; label: string; values: { value: string; label: string }[] }[] = [
    { name: 'stage', label: 'Stage', values: (data?.stages ?? []).map(({ id, label }) => ({ value: id, label })) },
    { name: 'role', label: 'Role in the company', values: (data?.roles ?? []).map(({ id, label }) => ({ value: id, label })) },
    { name: 'list', label: 'List', values: lists.map(({ id, name }) => ({ value: id, label: name })) },
    { name: 'tag', label: 'Tag', values: tags.map(({ id, name }) => ({ value: id, label: name })) },
    { name: 'owner', label: 'Owner', values: members.map(({ id, name }) => ({ value: id, label: name })) },
    { name: 'risk', label: 'Risk of leaving', values: Object.entries(RISKS).map(([value, { label }]) => ({ value, label })) },
    { name: 'language', label: 'Language', values: LANGUAGES.map((code) => ({ value: code, label: languageName(code) })) },
  ]
  const chips = groups.flatMap(({ name, label, values }) =>
    wanted[name] ? [{ name, label: `${label}: ${values.find((each) => each.value === wanted[name])?.label ?? '…'}` }] : [],
  )

  return (
    <div className={s.order}>
      <label>
        Sort by
        <select
          value={wanted.sort}
          disabled={searching || wanted.finding !== ''}
          onChange={(event) => narrow({ sort: event.currentTarget.value as People['sort'] })}
        >
          {Object.entries(SORTS).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <Menu position="bottom-end" width={190}>
        <Menu.Target>
          <Tooltip label="Filter">
            <ActionIcon variant={isNarrowed(wanted) ? 'light' : 'subtle'} color={isNarrowed(wanted) ? 'indigo' : 'gray'} size={30} aria-label="Filter contacts">
              <IconFilter size={16} />
            </ActionIcon>
          </Tooltip>
        </Menu.Target>
        <Menu.Dropdown>
          {groups
            .filter(({ values }) => values.length > 0)
            .map(({ name, label, values }) => (
              <Menu.Sub key={name} position="left-start">
                <Menu.Sub.Target>
                  <Menu.Sub.Item>{label}</Menu.Sub.Item>
                </Menu.Sub.Target>
                <Menu.Sub.Dropdown className={s.menu}>
                  {values.map(({ value, label: text }) => (
                    <Menu.CheckboxItem key={value} checked={wanted[name] === value} onChange={() => narrow({ [name]: wanted[name] === value ? '' : value })}>
                      {text}
                    </Menu.CheckboxItem>
                  ))}
                </Menu.Sub.Dropdown>
              </Menu.Sub>
            ))}
          <Menu.Divider />
          <Menu.Item disabled={!isNarrowed(wanted)} onClick={() => narrow({ ...EVERYBODY, sort: wanted.sort })}>
            Show everybody
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {(chips.length > 0 || wanted.finding) && (
        <div className={s.chips}>
          {wanted.finding && <Health finding={wanted.finding} />}
          {chips.map(({ name, label }) => (
            <button key={name} type="button" onClick={() => narrow({ [name]: '' })}>
              {label}
              <IconX size={12} aria-label="Take away" />
            </button>
          ))}
        </div>
      )}
    </div>
  )
}

/** What those shown have in common on the data-health page. */
function Health({ finding }: { finding: string }) {
  const { data } = useQuery(healthQuery)
  const label = data?.findings.find((each) => each.id === finding)?.label ?? '…'
  return (
    <>
      <button type="button" onClick={() => narrow({ finding: '' })}>
        {label}
        <IconX size={12} aria-label="Take away" />
      </button>
      <Link to="/data-health">Data health</Link>
    </>
  )
}
