import { Menu, useMantineColorScheme, type MantineColorScheme } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { WORDS, choose, routingQuery, useAvailability, useMine } from '../inbox/availability'
import { usePhone } from '../lib/media'
import { desktopOn, setDesktop, setSound, soundOn } from '../lib/notify'
import { savePreferences, useCan, useMe } from '../lib/session'
import { useCell } from '../lib/store'
import { toast, toastError } from '../lib/toast'
import { Avatar } from '../ui/Avatar'
import {
  IconBell,
  IconBook,
  IconChartBar,
  IconCheck,
  IconDeviceDesktop,
  IconDeviceMobile,
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconSun,
  IconUser,
  IconVolume,
} from '../ui/icons'
import { signOut } from './leave'
import s from './shell.module.css'

const THEMES: { value: MantineColorScheme; label: string; Icon: typeof IconSun }[] = [
  { value: 'light', label: 'Light', Icon: IconSun },
  { value: 'dark', label: 'Dark', Icon: IconMoon },
  { value: 'auto', label: 'As the system', Icon: IconDeviceDesktop },
]

const CHECK = <IconCheck size={14} aria-label="chosen" />

export function ProfileMenu({ onShowShortcuts }: { onShowShortcuts: () => void }) {
  const me = useMe()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const mine = useMine()
  const availability = useAvailability(me.member.id)
  const phone = usePhone()
  const seesInbox = useCan('inbox.read')
  const { data: routing } = useQuery({ ...routingQuery, enabled: seesInbox })
  const sound = useCell(soundOn)
  const desktop = useCell(desktopOn)

  function chooseTheme(next: MantineColorScheme) {
    setColorScheme(next)
    savePreferences({ theme: next }).catch(() => {
      // The choice holds in this browser; only the copy for other browsers was not stored.
    })
  }

  async function toggleDesktop() {
    const result = await setDesktop(!desktop)
    if (result === 'denied') toast('The browser does not allow notifications for this site. Allow them in its site settings.')
  }

  async function leaveForGood() {
    try {
      await signOut()
    } catch (error) {
      toastError('You are still signed in', error)
    }
  }

  return (
    <Menu position="right-end" width={232} offset={12}>
      <Menu.Target>
        <button type="button" className={s.profile} aria-label={`Your profile: ${me.member.name}, ${WORDS[availability].toLowerCase()}`}>
          <Avatar name={me.member.name} hue={me.member.avatar_hue} size={32} presence={availability} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={s.profileHead}>
          <b>{me.member.name}</b>
          <span>{me.workspace.name}</span>
        </div>
        {(['online', 'busy', 'away', 'offline'] as const).map((each) => (
          <Menu.Item
            key={each}
            leftSection={<i className={s.dot} data-presence={each} />}
            rightSection={mine?.chosen === each && !mine.reason && CHECK}
            onClick={() => void choose(each)}
          >
            {each === 'offline' ? 'Appear offline' : WORDS[each]}
          </Menu.Item>
        ))}
        {routing && routing.away_reasons.length > 0 && (
          <Menu.Sub position="right-start">
            <Menu.Sub.Target>
              <Menu.Sub.Item leftSection={<i className={s.dot} data-presence="away" />}>
                {mine?.chosen === 'away' && mine.reason ? `Away: ${mine.reason}` : 'Away for…'}
              </Menu.Sub.Item>
            </Menu.Sub.Target>
            <Menu.Sub.Dropdown>
              {routing.away_reasons.map((reason) => (
                <Menu.Item
                  key={reason}
                  rightSection={mine?.chosen === 'away' && mine.reason === reason && CHECK}
                  onClick={() => void choose('away', reason)}
                >
                  {reason}
                </Menu.Item>
              ))}
            </Menu.Sub.Dropdown>
          </Menu.Sub>
        )}
        <Menu.Divider />
        {THEMES.map(({ value, label, Icon }) => (
          <Menu.Item
            key={value}
            leftSection={<Icon size={16} />}
            rightSection={colorScheme === value && CHECK}
            onClick={() => chooseTheme(value)}
          >
            {label}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item leftSection={<IconVolume size={16} />} rightSection={sound && CHECK} onClick={() => setSound(!sound)}>
          Sound
        </Menu.Item>
        <Menu.Item
          leftSection={<IconBell size={16} />}
          rightSection={desktop && CHECK}
          onClick={() => void toggleDesktop()}
        >
          Desktop notifications
        </Menu.Item>
        <Menu.Divider />
        {me.demo_phone_url && (
          <Menu.Item component="a" href={me.demo_phone_url} target="_blank" rel="noreferrer" leftSection={<IconDeviceMobile size={16} />}>
            Demo phone
          </Menu.Item>
        )}
        {phone && seesInbox && (
          <>
            <Menu.Item component={Link} to="/articles" leftSection={<IconBook size={16} />}>
              Help centre
            </Menu.Item>
            <Menu.Item component={Link} to="/reports" leftSection={<IconChartBar size={16} />}>
              Reports
            </Menu.Item>
          </>
        )}
        <Menu.Item component={Link} to="/settings" leftSection={<IconUser size={16} />}>
          Profile and settings
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={onShowShortcuts}>
          Keyboard shortcuts
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leaveForGood()}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
