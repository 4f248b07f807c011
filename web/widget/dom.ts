/** Elements without innerHTML: whatever people write stays text. */

type Child = Node | string | null | undefined | false
type Attributes = Record<string, string | boolean | undefined>

export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  set(element, attributes)
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false))
  return element
}

/** Attributes as wanted: false and undefined take one away. */
export function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === undefined) element.removeAttribute(name)
    else element.setAttribute(name, value === true ? '' : value)
  }
}

const PATHS = {
  chat: 'M12 3.5c5 0 9 3.4 9 7.8s-4 7.8-9 7.8c-1 0-2-.1-2.9-.4L4.3 20.5l.9-3.7C3.8 15.4 3 13.5 3 11.3c0-4.4 4-7.8 9-7.8z',
  down: 'M5 9l7 7 7-7',
  close: 'M6 6l12 12M18 6L6 18',
  send: 'M12 20V5M5.5 11.5L12 5l6.5 6.5',
  attach: 'M20 11.5l-8 8a5.2 5.2 0 01-7.4-7.4l8.3-8.3a3.5 3.5 0 015 5l-8.3 8.2a1.7 1.7 0 01-2.5-2.5l7.7-7.6',
  file: 'M14 3H7a2 2 0 00-2 2v14a2 2 0 002 2h10a2 2 0 002-2V8zM14 3v5h5',
  reply: 'M9 7L4 12l5 5M4 12h10a6 6 0 016 6v1',
  smile: 'M12 21a9 9 0 100-18 9 9 0 000 18zM8.5 14.5a4.5 4.5 0 007 0M9 9.5v.1M15 9.5v.1',
  more: 'M5 12v.1M12 12v.1M19 12v.1',
  mic: 'M12 3a3 3 0 00-3 3v5a3 3 0 006 0V6a3 3 0 00-3-3zM5.5 11a6.5 6.5 0 0013 0M12 17.5V21',
  pin: 'M12 21s7-6.2 7-11.5A7 7 0 005 9.5C5 14.8 12 21 12 21zM12 12a2.5 2.5 0 100-5 2.5 2.5 0 000 5z',
}

export function icon(name: keyof typeof PATHS): SVGElement {
  const space = 'http://www.w3.org/2000/svg'
  const svg = document.createElementNS(space, 'svg')
  const path = document.createElementNS(space, 'path')
  set(svg, { viewBox: '0 0 24 24', 'aria-hidden': 'true' })
  set(path, { d: PATHS[name] })
  svg.append(path)
  return svg
}

/** A button with a picture and a name that is read out. */
export function iconButton(picture: keyof typeof PATHS, name: string, run: () => void, style = 'icon'): HTMLButtonElement {
  const button = h('button', { type: 'button', class: style, 'aria-label': name, title: name }, icon(picture))
  button.onclick = run
  return button
}

/** Text with its web addresses as links that give nothing away. */
export function linked(text: string): (Node | string)[] {
  return text.split(/(https?:\/\/[^\s<>"']*[^\s<>"'.,;:!?)\]])/).map((part, index) => (index % 2 ? link(part, part) : part))
}

export function link(url: string, ...children: (Node | string)[]): HTMLElement {
  // Only the web: no javascript:, no data:.
  if (!/^(https?|blob):/.test(url)) return h('span', {}, ...children)
  return h('a', { href: url, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...children)
}
